"""The tables, as SQLAlchemy describes them. Migrations make them, and `alembic check` in the tests compares both.

People, servers, channels and messages are named across platforms: `discord:80351110224678912`, `x:12`, `playground`.

Knows columns and what must be unique. Does not know what happens to a row, or when.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from huggingtweets.core.names import BlendName, VoiceName

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)


class Moment(sa.types.TypeDecorator[datetime]):
    """A moment with its time zone, UTC, exact to the microsecond. SQLite keeps it as text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Name(sa.types.TypeDecorator[BlendName]):
    """The name of a voice, or of a blend. It was parsed before it was stored, so it comes back as a name."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[BlendName], length: int | None = None):
        super().__init__()
        self.kind, self.length = kind, length

    @property
    def stored(self) -> String:
        """The type of the column in the database."""
        return String(self.length) if self.length else Text()

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return self.stored

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> BlendName | None:
        return None if value is None else self.kind(value)


def _id() -> Column[int]:
    # SQLite counts by itself only in a column that is called INTEGER.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)


def _when(name: str = "at", *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment(), nullable=nullable)


def _text(name: str, **options: Any) -> Column[str]:
    """A text column that is never NULL, and empty by default."""
    return Column(name, Text(), nullable=False, server_default="", **options)


def _count(name: str) -> Column[int]:
    return Column(name, Integer(), nullable=False, server_default="0")


def _json(name: str) -> Column[Any]:
    return Column(name, JSON(), nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(), nullable=False, server_default=sa.false())


ACTIVE = sa.text("state IN ('waiting', 'running')")

jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("name", Name(VoiceName, 200), nullable=False),
    _text("person"),
    _text("place"),
    _text("message"),
    Column("state", String(20), nullable=False),
    _json("files"),
    _json("options"),
    _text("stage"),
    _count("percent"),
    _count("attempts"),
    _flag("cancel_requested"),
    _when("created_at"),
    _when("started_at", nullable=True),
    _when("ended_at", nullable=True),
    Column("result", JSON(none_as_null=True)),
    _text("error"),
    _text("log"),
    Index("uq_jobs_active_name", "name", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
    Index(None, "state"),
    Index(None, "person"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("action", String(20), nullable=False),
    Column("voice", Name(VoiceName), nullable=False, server_default=""),
    _text("cron"),
    Column("every_seconds", Integer()),
    Column("time_zone", String(60), nullable=False),
    _count("jitter_seconds"),
    _text("quiet"),
    _json("options"),
    Column("enabled", Boolean(), nullable=False),
    _text("seed"),
    _when("created_at"),
    _when("changed_at"),
    _text("changed_by"),
)

schedule_runs = Table(
    "schedule_runs",
    metadata,
    _id(),
    Column("schedule", String(100), nullable=False),
    _when("due_at"),
    _when("claimed_at"),
    _text("claimed_by"),
    _text("outcome"),
    UniqueConstraint("schedule", "due_at"),
)

notices = Table(
    "notices",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _text("place"),
    _text("text"),
    _when("created_at"),
    _when("told_at", nullable=True),
    _count("attempts"),
)

posts = Table(
    "posts",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    Column("account", String(60), nullable=False),
    Column("state", String(20), nullable=False),
    Column("voice", Name(BlendName), nullable=False, server_default=""),
    _text("version"),
    _text("text"),
    _text("in_reply_to"),
    _flag("dry_run"),
    _when("due_at"),
    _when("created_at"),
    _when("changed_at"),
    _when("sending_at", nullable=True),
    _when("sent_at", nullable=True),
    _text("decided_by"),
    _text("external_id"),
    _text("error"),
    _count("attempts"),
    Column("cost_micro_usd", BigInteger(), nullable=False, server_default="0"),
    Index(None, "account", "state"),
)

costs = Table(
    "costs",
    metadata,
    _id(),
    Column("account", String(60), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("micro_usd", BigInteger(), nullable=False),
    _when(),
    Index(None, "account", "at"),
)

positions = Table(
    "positions",
    metadata,
    Column("account", String(60), primary_key=True),
    Column("stream", String(60), primary_key=True),
    Column("position", String(60), nullable=False),
    _when("changed_at"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("account", String(60), primary_key=True),
    Column("mention", String(60), primary_key=True),
    _text("author"),
    _text("conversation"),
    Column("state", String(20), nullable=False),
    _when(),
    Index(None, "account", "author"),
    Index(None, "account", "conversation"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("subject", String(100), primary_key=True),
    _text("reason"),
    _text("by"),
    _when("since"),
    _when("until", nullable=True),
    _flag("told"),
)

answers = Table(
    "answers",
    metadata,
    Column("message", String(100), primary_key=True),
    _text("person"),
    _text("server"),
    _text("channel"),
    Column("voice", Name(BlendName, 400), nullable=False),
    _text("version"),
    _text("prompt"),
    _text("context"),
    _json("texts"),
    _when(),
    _text("imitated"),
    Index(None, "voice"),
    Index(None, "person"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("message", String(100), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(BlendName, 400), nullable=False),
    _text("version"),
    Column("vote", Integer(), nullable=False),
    _when(),
    Index(None, "voice"),
    Index(None, "person"),
)

remarks = Table(
    "remarks",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _text("schedule"),
    _text("server"),
    Column("channel", String(100), nullable=False),
    Column("voice", Name(BlendName, 400), nullable=False),
    _text("version"),
    _text("text"),
    Column("state", String(20), nullable=False),
    Column("message", String(100), nullable=False, server_default=""),
    _text("error"),
    _when("created_at"),
    _when("sending_at", nullable=True),
    Index(None, "channel", "created_at"),
    Index(None, "state"),
    Index(None, "message"),
    Index(None, "voice"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("message", String(100), primary_key=True),
    _text("server"),
    _text("channel"),
    Column("voice", Name(VoiceName, 400), nullable=False),
    _text("version"),
    _text("real_text"),
    _text("drawn_text"),
    _flag("real_first"),
    _when("ends_at"),
    _flag("closed"),
    Index(None, "voice"),
    Index(None, "closed"),
)

votes = Table(
    "votes",
    metadata,
    Column("message", String(100), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("chose_first", Boolean(), nullable=False),
    _when(),
    Index(None, "person"),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("person", String(60), primary_key=True),
    Column("scope", String(40), primary_key=True),
    _when(),
)

members = Table(
    "members",
    metadata,
    Column("server", String(60), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(VoiceName, 200), nullable=False),
    _when("joined_at"),
    _flag("everywhere"),
    Index(None, "person"),
)

member_messages = Table(
    "member_messages",
    metadata,
    Column("message", String(100), primary_key=True),
    _text("server"),
    _text("channel"),
    Column("person", String(60), nullable=False),
    _text("text"),
    _text("reply_to"),
    _when("written_at"),
    _when("edited_at", nullable=True),
    Index(None, "server", "person"),
    Index(None, "person"),
)

links = Table(
    "links",
    metadata,
    Column("server", String(60), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(VoiceName, 200), nullable=False),
    Column("state", String(20), nullable=False),
    _when("asked_at"),
    _text("decided_by"),
    _when("decided_at", nullable=True),
    Index(None, "person"),
    Index(None, "voice"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("subject", String(200), primary_key=True),
    _text("by"),
    _when(),
)

settings = Table(
    "settings",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("key", String(60), primary_key=True),
    _json("value"),
    _when("changed_at"),
    _text("changed_by"),
)

rules = Table(
    "rules",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("subject", String(100), primary_key=True),
    Column("allowed", Boolean(), nullable=False),
    _when("changed_at"),
    _text("changed_by"),
)

strikes = Table(
    "strikes",
    metadata,
    _id(),
    Column("person", String(60), nullable=False),
    _text("server"),
    _text("reason"),
    _when(),
    Index(None, "person", "at"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _when(),
    Column("person", String(60), nullable=False),
    Column("action", String(60), nullable=False),
    _text("subject"),
    _text("server"),
    _json("facts"),
    Index(None, "at"),
    Index(None, "person"),
)

"""What people have said about themselves, what they let the bot learn from, and who is paused."""

from sqlalchemy import JSON, Column, Index, String, Table

from bot.store.tables.columns import Name, count, flag, metadata, row_id, text, when
from huggingtweets.core.people.names import VoiceName

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("person", String(300), primary_key=True),
    Column("scope", String(40), primary_key=True),
    when(),
)

members = Table(
    "members",
    metadata,
    Column("server", String(60), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(VoiceName, 200), nullable=False),
    when("joined_at"),
    flag("everywhere"),
    Index(None, "person"),
)

member_messages = Table(
    "member_messages",
    metadata,
    Column("message", String(100), primary_key=True),
    text("server"),
    text("channel"),
    Column("person", String(60), nullable=False),
    text("text"),
    text("reply_to"),
    when("written_at"),
    when("edited_at", nullable=True),
    Index(None, "server", "person"),
    Index(None, "person"),
)

past_readings = Table(
    "past_readings",
    metadata,
    Column("server", String(60), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("channel", String(60), primary_key=True),
    text("read_to"),
    count("looked"),
    count("kept"),
    flag("done"),
    when("begun_at"),
    Index(None, "person"),
)

links = Table(
    "links",
    metadata,
    Column("server", String(60), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(VoiceName, 200), nullable=False),
    Column("state", String(20), nullable=False),
    when("asked_at"),
    text("decided_by"),
    when("decided_at", nullable=True),
    Index(None, "person"),
    Index(None, "voice"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("subject", String(200), primary_key=True),
    text("by"),
    when(),
)

pauses = Table(
    "pauses",
    metadata,
    Column("subject", String(100), primary_key=True),
    text("reason"),
    Column("phrase", JSON(none_as_null=True)),
    text("by"),
    when("since"),
    when("until", nullable=True),
    flag("told"),
)

strikes = Table(
    "strikes",
    metadata,
    row_id(),
    Column("person", String(60), nullable=False),
    text("server"),
    text("reason"),
    when(),
    Index(None, "person", "at"),
)

"""What columns consist of: moments, names of voices, and short forms of the kinds that many tables have.

Knows types. Does not know any table.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, BigInteger, Boolean, Column, Identity, Integer, String, Text

from huggingtweets.core.people.names import BlendName

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


def row_id() -> Column[int]:
    # SQLite counts by itself only in a column that is called INTEGER.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)


def when(name: str = "at", *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment(), nullable=nullable)


def text(name: str, **options: Any) -> Column[str]:
    """A text column that is never NULL, and empty by default."""
    return Column(name, Text(), nullable=False, server_default="", **options)


def count(name: str) -> Column[int]:
    return Column(name, Integer(), nullable=False, server_default="0")


def facts(name: str) -> Column[Any]:
    return Column(name, JSON(), nullable=False)


def flag(name: str) -> Column[bool]:
    return Column(name, Boolean(), nullable=False, server_default=sa.false())

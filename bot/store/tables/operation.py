"""What admins have set and done, and the tokens of other programs."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from bot.store.tables.columns import count, facts, metadata, row_id, text, when

settings = Table(
    "settings",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("key", String(60), primary_key=True),
    facts("value"),
    when("changed_at"),
    text("changed_by"),
)

rules = Table(
    "rules",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("subject", String(100), primary_key=True),
    Column("allowed", Boolean(), nullable=False),
    when("changed_at"),
    text("changed_by"),
)

audit = Table(
    "audit",
    metadata,
    row_id(),
    when(),
    Column("person", String(60), nullable=False),
    Column("action", String(60), nullable=False),
    text("subject"),
    text("server"),
    facts("facts"),
    Index(None, "at"),
    Index(None, "person"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("requests_per_minute", Integer()),
    Column("at_a_time", Integer()),
    Column("tweets_a_day", Integer()),
    when("created_at"),
    when("used_at", nullable=True),
    when("revoked_at", nullable=True),
    Column("day", String(10), nullable=False, server_default=""),
    count("tweets"),
)

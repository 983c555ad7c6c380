"""What goes to networks, what it cost and what people made of it, and who mentions the accounts there."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from bot.store.tables.columns import Name, count, flag, metadata, row_id, text, when
from huggingtweets.core.people.names import BlendName

posts = Table(
    "posts",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    Column("account", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("voice", Name(BlendName), nullable=False, server_default=""),
    text("version"),
    text("text"),
    text("drawn"),
    text("in_reply_to"),
    count("follows"),
    flag("dry_run"),
    when("due_at"),
    when("created_at"),
    when("changed_at"),
    when("sending_at", nullable=True),
    when("sent_at", nullable=True),
    text("decided_by"),
    text("external_id"),
    text("error"),
    count("attempts"),
    Column("cost_micro_usd", BigInteger(), nullable=False, server_default="0"),
    Index(None, "account", "state"),
)

engagement = Table(
    "engagement",
    metadata,
    Column("post", Integer(), primary_key=True, autoincrement=False),
    Column("voice", Name(BlendName, 400), nullable=False),
    text("version"),
    count("likes"),
    count("reposts"),
    count("replies"),
    when(),
    Index(None, "voice"),
)

costs = Table(
    "costs",
    metadata,
    row_id(),
    Column("account", String(300), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("micro_usd", BigInteger(), nullable=False),
    when(),
    Index(None, "account", "at"),
)

positions = Table(
    "positions",
    metadata,
    Column("account", String(300), primary_key=True),
    Column("stream", String(60), primary_key=True),
    Column("position", String(300), nullable=False),
    when("changed_at"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("account", String(300), primary_key=True),
    Column("mention", String(300), primary_key=True),
    text("author"),
    text("conversation"),
    Column("state", String(20), nullable=False),
    when(),
    Index(None, "account", "author"),
    Index(None, "account", "conversation"),
)

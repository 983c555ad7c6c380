"""What voices said to people, and what people thought of it."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table

from bot.store.tables.columns import Name, facts, flag, metadata, row_id, text, when
from huggingtweets.core.people.names import BlendName, VoiceName

UNQUOTED = {"prompt": "", "context": "", "said_by": ""}  # of an answer that keeps no words of others

answers = Table(
    "answers",
    metadata,
    Column("message", String(100), primary_key=True),
    text("person"),
    text("server"),
    text("channel"),
    Column("voice", Name(BlendName, 400), nullable=False),
    text("version"),
    text("prompt"),
    text("context"),
    text("said_by"),
    Column("options", JSON(), nullable=False, server_default="{}"),
    facts("texts"),
    when(),
    text("imitated"),
    Index(None, "voice"),
    Index(None, "person"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("message", String(100), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("voice", Name(BlendName, 400), nullable=False),
    text("version"),
    Column("vote", Integer(), nullable=False),
    when(),
    Index(None, "voice"),
    Index(None, "person"),
)

remarks = Table(
    "remarks",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    text("schedule"),
    text("server"),
    Column("channel", String(100), nullable=False),
    Column("voice", Name(BlendName, 400), nullable=False),
    text("version"),
    text("text"),
    Column("state", String(20), nullable=False),
    Column("message", String(100), nullable=False, server_default=""),
    text("error"),
    when("created_at"),
    when("sending_at", nullable=True),
    Index(None, "channel", "created_at"),
    Index(None, "state"),
    Index(None, "message"),
    Index(None, "voice"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("message", String(100), primary_key=True),
    text("server"),
    text("channel"),
    Column("voice", Name(VoiceName, 400), nullable=False),
    text("version"),
    text("real_text"),
    text("drawn_text"),
    flag("real_first"),
    when("ends_at"),
    flag("closed"),
    Index(None, "voice"),
    Index(None, "closed"),
)

votes = Table(
    "votes",
    metadata,
    Column("message", String(100), primary_key=True),
    Column("person", String(60), primary_key=True),
    Column("chose_first", Boolean(), nullable=False),
    when(),
    Index(None, "person"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(60), nullable=False),
    Column("voice", Name(VoiceName, 200), nullable=False),
    Column("older", String(20), nullable=False),
    Column("newer", String(20), nullable=False),
    facts("texts_of_older"),
    facts("texts_of_newer"),
    flag("older_first"),
    text("verdict"),
    when(),
    Index(None, "voice"),
    Index(None, "person"),
)

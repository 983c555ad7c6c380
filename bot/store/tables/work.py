"""What the bot has to do by itself: trainings, schedules and their runs, and what admins must be told."""

import sqlalchemy as sa
from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, UniqueConstraint

from bot.store.tables.columns import Name, count, facts, flag, metadata, row_id, text, when
from huggingtweets.core.people.names import VoiceName

ACTIVE = sa.text("state IN ('waiting', 'running')")

jobs = Table(
    "jobs",
    metadata,
    row_id(),
    Column("name", Name(VoiceName, 200), nullable=False),
    text("person"),
    text("place"),
    text("message"),
    Column("state", String(20), nullable=False),
    facts("files"),
    facts("options"),
    text("stage"),
    count("percent"),
    count("attempts"),
    flag("cancel_requested"),
    when("created_at"),
    when("started_at", nullable=True),
    when("ended_at", nullable=True),
    Column("result", JSON(none_as_null=True)),
    text("error"),
    text("log"),
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
    text("cron"),
    Column("every_seconds", Integer()),
    Column("time_zone", String(60), nullable=False),
    count("jitter_seconds"),
    text("quiet"),
    facts("options"),
    Column("enabled", Boolean(), nullable=False),
    text("seed"),
    when("created_at"),
    when("changed_at"),
    text("changed_by"),
)

schedule_runs = Table(
    "schedule_runs",
    metadata,
    row_id(),
    Column("schedule", String(100), nullable=False),
    when("due_at"),
    when("claimed_at"),
    text("claimed_by"),
    text("outcome"),
    UniqueConstraint("schedule", "due_at"),
)

notices = Table(
    "notices",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    text("place"),
    text("text"),
    Column("phrase", JSON(none_as_null=True)),
    when("created_at"),
    when("told_at", nullable=True),
    count("attempts"),
)

"""The tables, as SQLAlchemy describes them. Migrations make them, and `alembic check` in the tests compares both.

People, servers, channels and messages are named across platforms: `discord:80351110224678912`, `x:12`, `playground`.

Knows columns and what must be unique. Does not know what happens to a row, or when.
"""

from bot.store.tables.columns import Moment, Name, metadata
from bot.store.tables.conversations import answers, comparisons, feedback, remarks, rounds, votes
from bot.store.tables.networks import costs, engagement, mentions, positions, posts
from bot.store.tables.operation import api_tokens, audit, rules, settings
from bot.store.tables.people import (
    links,
    member_messages,
    members,
    opt_outs,
    past_readings,
    pauses,
    strikes,
    tombstones,
)
from bot.store.tables.work import jobs, notices, schedule_runs, schedules

__all__ = [
    "Moment",
    "Name",
    "answers",
    "api_tokens",
    "audit",
    "comparisons",
    "costs",
    "engagement",
    "feedback",
    "jobs",
    "links",
    "member_messages",
    "members",
    "mentions",
    "metadata",
    "notices",
    "opt_outs",
    "past_readings",
    "pauses",
    "positions",
    "posts",
    "remarks",
    "rounds",
    "rules",
    "schedule_runs",
    "schedules",
    "settings",
    "strikes",
    "tombstones",
    "votes",
]

"""What people thought of texts in a voice: thumbs below answers, decisions about posts, and the response to posts.

Knows rows. Does not know what is learned from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.sql.database import Database
from bot.store.tables import answers, engagement, feedback, posts

MOST = 2_000  # of each kind, the newest
PICKED = "answer:%"  # keys of posts that an admin picked among answers


@dataclass(frozen=True, slots=True)
class Judged:
    """Texts that somebody judged together, and whether they liked them. `instead_of` is what an edited text was."""

    texts: tuple[str, ...]
    liked: bool
    instead_of: str = ""


class Judgements:
    """The judgements of one voice at a time."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def of(self, voice: str) -> list[Judged]:
        """Returns all judgements of a voice."""
        async with self._database.reading() as connection:
            return [*await _thumbs(connection, voice), *await _decisions(connection, voice)]

    async def response(self, voice: str, before: datetime) -> list[tuple[str, int]]:
        """Returns the texts of posts that were sent before a moment, each with the sum of its figures."""
        total = engagement.c.likes + engagement.c.reposts + engagement.c.replies
        query = sa.select(posts.c.text, total).join(engagement, engagement.c.post == posts.c.id)
        query = query.where(posts.c.voice == voice, posts.c.text != "", posts.c.sent_at < before)
        rows = await self._database.rows(query.order_by(posts.c.id.desc()).limit(MOST))
        return [(row[0], int(row[1])) for row in rows]


async def _thumbs(connection: AsyncConnection, voice: str) -> list[Judged]:
    """The answers of a voice that got more thumbs of one kind than of the other."""
    votes = sa.func.sum(feedback.c.vote)
    query = sa.select(answers.c.texts, votes).join(feedback, feedback.c.message == answers.c.message)
    query = query.where(answers.c.voice == voice).group_by(answers.c.message).having(votes != 0)
    rows = await connection.execute(query.order_by(answers.c.at.desc()).limit(MOST))
    return [Judged(tuple(row[0]), row[1] > 0) for row in rows if row[0]]


async def _decisions(connection: AsyncConnection, voice: str) -> list[Judged]:
    """Posts of a voice that a person approved, picked or rejected. An edited one is better than what was drawn."""
    approved = posts.c.state.in_(("queued", "sending", "unknown", "sent"))
    by_a_person = sa.or_(posts.c.decided_by != "", posts.c.key.like(PICKED))
    query = sa.select(posts.c.text, approved, posts.c.drawn)
    query = query.where(posts.c.voice == voice, posts.c.text != "", posts.c.in_reply_to == "")
    query = query.where(posts.c.follows == 0, by_a_person, sa.or_(approved, posts.c.state == "rejected"))
    rows = await connection.execute(query.order_by(posts.c.id.desc()).limit(MOST))
    # A text that was proposed at several places is judged once.
    decided = {row[0]: Judged((row[0],), bool(row[1]), row[2] if row[1] else "") for row in rows}
    return list(decided.values())

"""What the admins must be told: kept until it was delivered, so that a kill between doing and telling loses nothing.

Knows rows. Does not know who the admins are, or how they are reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Database, insert
from bot.store.tables import notices

MAX_ATTEMPTS = 20  # deliveries tried; one that fails for ever must not hold up the others


@dataclass(frozen=True, slots=True)
class Notice:
    """One message; `place` is a channel, or empty for the admins."""

    id: int
    key: str
    place: str
    text: str


class Notices:
    """Messages on their way."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(self, key: str, text: str, place: str = "") -> bool:
        """Keep a message until it is told; whether it is new: the same `key` is told once."""
        row = {"key": key, "text": text, "place": place, "created_at": self._clock()}
        async with self._database.writing() as connection:
            query = insert(self._database, notices).values(row).on_conflict_do_nothing()
            return bool((await connection.execute(query)).rowcount)

    async def untold(self, limit: int = 20) -> list[Notice]:
        """The oldest ones that nobody was told yet."""
        columns = (notices.c.id, notices.c.key, notices.c.place, notices.c.text)
        waiting = (notices.c.told_at.is_(None), notices.c.attempts < MAX_ATTEMPTS)
        async with self._database.reading() as connection:
            query = sa.select(*columns).where(*waiting).order_by(notices.c.attempts, notices.c.id).limit(limit)
            return [Notice(*row) for row in await connection.execute(query)]

    async def tried(self, notice_id: int, *, told: bool) -> None:
        """Note a delivery, or one that failed. The key of what was told stays; its text, which may quote, goes."""
        change = {"attempts": notices.c.attempts + 1} | ({"told_at": self._clock(), "text": ""} if told else {})
        async with self._database.writing() as connection:
            await connection.execute(sa.update(notices).where(notices.c.id == notice_id).values(change))

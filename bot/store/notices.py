"""What admins must be told. It is kept until it was delivered, so a kill between the act and the telling loses nothing.

Knows rows. Does not know who the admins are, or how they are reached.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.people.strangers import bounded
from bot.store.sql.database import Database, insert
from bot.store.tables import notices
from huggingtweets.core.text.phrases import JSON, Phrase

SendNotice = Callable[[str, Phrase], Awaitable[object]]  # tells the admins a text, once for each key


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. `place` is a channel, or empty for the admins. `attempts` counts the deliveries that failed."""

    id: int
    key: str
    place: str
    text: str
    created_at: datetime
    attempts: int
    phrase: JSON | None = None

    @property
    def words(self) -> Phrase:
        """The text as a phrase, so that it can be told in other languages."""
        return Phrase.kept(self.phrase, self.text)


class Notices:
    """Messages on their way."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(self, key: str, text: Phrase, place: str = "") -> bool:
        """Keep a message until it is told. The same `key` is told once. Returns True if it is new."""
        async with self._database.writing() as connection:
            return await keep(self._database, connection, key, text, place, self._clock())

    async def untold(self, limit: int = 20) -> list[Notice]:
        """Returns the oldest messages that are still to be told. Those that failed come after the others."""
        columns = [notices.c[field.name] for field in fields(Notice)]
        waiting = (notices.c.told_at.is_(None), notices.c.text != "")
        query = sa.select(*columns).where(*waiting).order_by(notices.c.attempts, notices.c.id).limit(limit)
        return [Notice(*row) for row in await self._database.rows(query)]

    async def told(self, notice_id: int) -> None:
        """Note a delivery. The key stays. The text is deleted, because it may quote somebody."""
        await self._change(notice_id, told_at=self._clock(), text="", phrase=None)

    async def failed(self, notice_id: int) -> None:
        """Note a delivery that failed."""
        await self._change(notice_id, attempts=notices.c.attempts + 1)

    async def given_up(self, notice_id: int) -> None:
        """Note that it is not tried any more, and delete its text."""
        await self._change(notice_id, text="", phrase=None)

    async def _change(self, notice_id: int, **values: Any) -> None:
        await self._database.change(sa.update(notices).where(notices.c.id == notice_id).values(values))


async def keep(
    database: Database, connection: AsyncConnection, key: str, text: Phrase, place: str, now: datetime
) -> bool:
    """Do what `Notices.add` does, in a transaction that does something else as well."""
    row = {"key": bounded(key), "text": str(text), "phrase": text.as_json(), "place": place, "created_at": now}
    query = insert(database, notices).values(row).on_conflict_do_nothing()
    return bool((await connection.execute(query)).rowcount)

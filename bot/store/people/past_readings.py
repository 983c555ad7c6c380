"""How far the bot has read what members wrote before they joined, channel by channel.

A page of messages is kept in one transaction with the note that it was read. So a reading goes on where it stopped,
whenever the process died.

Knows rows. Does not know Discord, or who may be read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.sql.database import Database, insert
from bot.store.tables import member_messages, members, past_readings


@dataclass(frozen=True, slots=True)
class PastReading:
    """The messages of a member in one channel. Those from the message `read_to` on have been read.

    Of `looked` messages of all people, `kept` were theirs and worth learning. `done` says that no page is left.
    """

    server: str
    person: str
    channel: str
    read_to: str
    looked: int
    kept: int
    done: bool
    begun_at: datetime


_COLUMNS = [past_readings.c[field.name] for field in fields(PastReading)]


class PastReadings:
    """All readings."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def begin(self, server: str, person: str, channels: Sequence[str], read_to: str) -> None:
        """Note that a member's messages before `read_to` are to be read. What is noted already stays as it is."""
        rows = [
            {"server": server, "person": person, "channel": channel, "read_to": read_to, "begun_at": self._clock()}
            for channel in channels
        ]
        if rows:
            query = insert(self._database, past_readings).values(rows).on_conflict_do_nothing()
            await self._database.change(query)

    async def of(self, server: str, person: str) -> list[PastReading]:
        """Returns the readings of a member, in the order of their channels."""
        row_filter = (past_readings.c.server == server, past_readings.c.person == person)
        query = sa.select(*_COLUMNS).where(*row_filter).order_by(past_readings.c.channel)
        return [PastReading(*row) for row in await self._database.rows(query)]

    async def members(self) -> list[tuple[str, str]]:
        """Returns the server and the person of everybody who is being read, the first to ask first."""
        begun = sa.func.min(past_readings.c.begun_at)
        query = sa.select(past_readings.c.server, past_readings.c.person)
        query = query.group_by(past_readings.c.server, past_readings.c.person).order_by(begun, past_readings.c.person)
        return [(row.server, row.person) for row in await self._database.rows(query)]

    async def note(
        self, reading: PastReading, messages: Sequence[dict[str, Any]], *, read_to: str, looked: int, done: bool
    ) -> bool:
        """Keep a page: the rows of the member's own messages, and how far the channel has been read.

        Returns False, and keeps nothing, if the member has left or nobody wants this reading any more.
        """
        own = (past_readings.c.server == reading.server, past_readings.c.person == reading.person)
        this = (*own, past_readings.c.channel == reading.channel)
        joined = sa.select(members.c.person).where(
            members.c.server == reading.server, members.c.person == reading.person
        )
        async with self._database.writing() as connection:
            if not (await connection.execute(joined)).first():
                return False
            kept = 0
            if messages:
                query = insert(self._database, member_messages).values(messages).on_conflict_do_nothing()
                kept = (await connection.execute(query)).rowcount
            change = {
                "read_to": read_to,
                "looked": past_readings.c.looked + looked,
                "kept": past_readings.c.kept + kept,
                "done": done,
            }
            return bool((await connection.execute(sa.update(past_readings).where(*this).values(change))).rowcount)

    async def end(self, server: str, person: str) -> None:
        """Forget how far a member was read. What was kept of their messages stays."""
        row_filter = (past_readings.c.server == server, past_readings.c.person == person)
        await self._database.change(sa.delete(past_readings).where(*row_filter))

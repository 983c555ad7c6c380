"""What is paused, and strikes: states that must survive a restart.

A pause's subject is an account of X (`x:name`), a person (`discord:1`), or whatever else can be paused.
Somebody who was forgotten is found by their pseudonym.

Knows rows. Does not know what a pause keeps from happening.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Database, insert
from bot.store.pseudonyms import names_of
from bot.store.tables import pauses, strikes


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that is in force; without `until` it lasts until somebody ends it."""

    subject: str
    reason: str
    by: str
    since: datetime
    until: datetime | None
    told: bool


class Pauses:
    """Pauses and strikes."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def pause(self, subject: str, reason: str, by: str, until: datetime | None = None) -> bool:
        """Pause `subject`; whether it was not paused before. A pause that is in force keeps its first reason."""
        row = {"subject": subject, "reason": reason, "by": by, "since": self._clock(), "until": until, "told": False}
        async with self._database.writing() as connection:
            mine = pauses.c.subject.in_(await names_of(connection, subject))
            await connection.execute(sa.delete(pauses).where(mine, pauses.c.until <= self._clock()))
            if await connection.scalar(sa.select(pauses.c.subject).where(mine)):
                return False
            query = insert(self._database, pauses).values(row).on_conflict_do_nothing()
            return bool((await connection.execute(query)).rowcount)

    async def get(self, subject: str) -> Pause | None:
        """The pause that is in force now."""
        lasts = sa.or_(pauses.c.until.is_(None), pauses.c.until > self._clock())
        async with self._database.reading() as connection:
            mine = pauses.c.subject.in_(await names_of(connection, subject))
            row = (await connection.execute(sa.select(pauses).where(mine, lasts))).first()
        return Pause(**{**row._mapping, "subject": subject}) if row else None

    async def resume(self, subject: str) -> bool:
        """End a pause; whether there was one."""
        async with self._database.writing() as connection:
            query = sa.delete(pauses).where(pauses.c.subject.in_(await names_of(connection, subject)))
            return bool((await connection.execute(query)).rowcount)

    async def tell_once(self, subject: str) -> bool:
        """Whether the admins are still to be told of this pause: yes the first time, no ever after."""
        async with self._database.writing() as connection:
            mine = pauses.c.subject.in_(await names_of(connection, subject))
            untold = sa.update(pauses).where(mine, ~pauses.c.told)
            return bool((await connection.execute(untold.values(told=True))).rowcount)

    async def strike(self, person: str, reason: str, *, server: str = "", since: datetime) -> int:
        """One more strike; how many there are since `since`."""
        row = {"person": person, "server": server, "reason": reason, "at": self._clock()}
        async with self._database.writing() as connection:
            recent = (strikes.c.person.in_(await names_of(connection, person)), strikes.c.at >= since)
            await connection.execute(sa.insert(strikes).values(row))
            return int(await connection.scalar(sa.select(sa.func.count()).where(*recent)) or 0)

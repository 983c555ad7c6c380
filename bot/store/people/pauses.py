"""Pauses and strikes, which must survive a restart.

A pause's subject is an account of X (`x:name`), a person (`discord:1`), or whatever else can be paused.
Somebody who was forgotten is found by their pseudonym.

Knows rows. Does not know what a pause keeps from happening.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.people.pseudonyms import names_of
from bot.store.sql.database import Database, insert
from bot.store.tables import pauses, strikes
from huggingtweets.core.text.phrases import JSON, Phrase


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that is in force. If `until` is None, it lasts until somebody ends it."""

    subject: str
    reason: str
    by: str
    since: datetime
    until: datetime | None
    told: bool
    phrase: JSON | None = None

    @property
    def why(self) -> Phrase:
        """The reason as a phrase, so that it can be told in other languages."""
        return Phrase.kept(self.phrase, self.reason)


class Pauses:
    """Pauses and strikes."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def pause(self, subject: str, reason: Phrase, by: str, until: datetime | None = None) -> bool:
        """Pause `subject`. Returns True if it was not paused before. A pause in force keeps its first reason."""
        row: dict[str, Any] = {"subject": subject, "reason": str(reason), "phrase": reason.as_json(), "by": by}
        row |= {"since": self._clock(), "until": until, "told": False}
        query, now = insert(self._database, pauses).values(row).on_conflict_do_nothing(), self._clock()

        def write(connection: sa.Connection) -> bool:
            row_filter = pauses.c.subject.in_(names_of(connection, subject))
            connection.execute(sa.delete(pauses).where(row_filter, pauses.c.until <= now))
            if connection.scalar(sa.select(pauses.c.subject).where(row_filter)):
                return False
            return bool(connection.execute(query).rowcount)

        return await self._database.write_at_once(write)

    async def get(self, subject: str) -> Pause | None:
        """Returns the pause that is in force now, if there is one."""
        lasts = sa.or_(pauses.c.until.is_(None), pauses.c.until > self._clock())

        def read(connection: sa.Connection) -> sa.Row[Any] | None:
            row_filter = pauses.c.subject.in_(names_of(connection, subject))
            return connection.execute(sa.select(pauses).where(row_filter, lasts)).first()

        row = await self._database.read_at_once(read)
        return Pause(**{**row._mapping, "subject": subject}) if row else None

    async def all(self) -> list[Pause]:
        """Returns all pauses that are in force now, the newest first. People who were forgotten have a pseudonym."""
        lasts = sa.or_(pauses.c.until.is_(None), pauses.c.until > self._clock())
        rows = await self._database.rows(sa.select(pauses).where(lasts).order_by(pauses.c.since.desc()))
        return [Pause(**row._mapping) for row in rows]

    async def resume(self, subject: str) -> bool:
        """End a pause. Returns True if there was one."""

        def write(connection: sa.Connection) -> bool:
            query = sa.delete(pauses).where(pauses.c.subject.in_(names_of(connection, subject)))
            return bool(connection.execute(query).rowcount)

        return await self._database.write_at_once(write)

    async def tell_once(self, subject: str) -> bool:
        """Returns True the first time it is asked about a pause, so that the pause is told once."""

        def write(connection: sa.Connection) -> bool:
            row_filter = pauses.c.subject.in_(names_of(connection, subject))
            return bool(
                connection.execute(sa.update(pauses).where(row_filter, ~pauses.c.told).values(told=True)).rowcount
            )

        return await self._database.write_at_once(write)

    async def strike(self, person: str, reason: str, *, server: str = "", since: datetime) -> int:
        """Add a strike. Returns how many there are since `since`."""
        row = {"person": person, "server": server, "reason": reason, "at": self._clock()}

        def write(connection: sa.Connection) -> int:
            recent = (strikes.c.person.in_(names_of(connection, person)), strikes.c.at >= since)
            connection.execute(sa.insert(strikes).values(row))
            return connection.scalar(sa.select(sa.func.count()).where(*recent)) or 0

        return await self._database.write_at_once(write)

"""Rounds of "Real or AI?": one real and one generated tweet, and which one people took for real.

Knows rows. Does not know platforms, or where the tweets come from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.people.consent import has_withdrawn
from bot.store.sql.database import Database, insert
from bot.store.tables import rounds, votes
from huggingtweets.core.people.names import VoiceName


@dataclass(frozen=True, slots=True)
class Round:
    """One round. `real_first` says which of the two texts was shown first."""

    message: str
    server: str
    channel: str
    voice: VoiceName
    version: str
    real_text: str
    drawn_text: str
    real_first: bool
    ends_at: datetime
    closed: bool


@dataclass(frozen=True, slots=True)
class Score:
    """Of `votes` guesses, `fooled` took the generated tweet for the real one."""

    votes: int
    fooled: int


class Rounds:
    """Rounds and their votes."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def begin(
        self,
        message: str,
        *,
        voice: VoiceName,
        real_text: str,
        drawn_text: str,
        real_first: bool,
        ends_at: datetime,
        version: str = "",
        server: str = "",
        channel: str = "",
    ) -> bool:
        """Begin a round. Returns False if there is one, or if somebody in it was forgotten meanwhile."""
        row = {"message": message, "voice": voice, "version": version, "server": server, "channel": channel}
        facts = {"real_text": real_text, "drawn_text": drawn_text, "real_first": real_first, "ends_at": ends_at}
        query = insert(self._database, rounds).values(**row, **facts).on_conflict_do_nothing()
        return await self._database.write_at_once(
            lambda connection: not has_withdrawn(connection, voice) and bool(connection.execute(query).rowcount)
        )

    async def get(self, message: str) -> Round | None:
        row = await self._database.row(sa.select(rounds).where(rounds.c.message == message))
        return Round(**row._mapping) if row else None

    async def vote(self, message: str, person: str, *, chose_first: bool) -> bool:
        """Note one person's guess. Returns False after the end of the round, and for a second guess."""
        now = self._clock()
        lasts = (rounds.c.message == message, ~rounds.c.closed, rounds.c.ends_at > now)
        row = {"message": message, "person": person, "chose_first": chose_first, "at": now}
        query = insert(self._database, votes).values(row).on_conflict_do_nothing()

        def write(connection: sa.Connection) -> bool:
            if not connection.scalar(sa.select(rounds.c.message).where(*lasts)):
                return False
            return bool(connection.execute(query).rowcount)

        return await self._database.write_at_once(write)

    async def close(self, message: str) -> Score | None:
        """End a round. Returns its score the first time, and None if it had ended before."""
        query = sa.update(rounds).where(rounds.c.message == message, ~rounds.c.closed).values(closed=True)
        if not await self._database.change(query):
            return None
        return await self._score(rounds.c.message == message)

    async def open(self) -> list[Round]:
        """Returns the rounds that are open. The one that ends next comes first."""
        query = sa.select(rounds).where(~rounds.c.closed).order_by(rounds.c.ends_at)
        return [Round(**row._mapping) for row in await self._database.rows(query)]

    async def score(self, voice: str) -> Score:
        """Returns the score of a voice over all its rounds."""
        return await self._score(rounds.c.voice == voice)

    async def _score(self, where: sa.ColumnElement[bool]) -> Score:
        fooled = sa.case((votes.c.chose_first != rounds.c.real_first, 1), else_=0)
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(fooled), 0))
        joined = query.select_from(votes).join(rounds, votes.c.message == rounds.c.message).where(where)
        [counts] = await self._database.rows(joined)
        return Score(*counts)

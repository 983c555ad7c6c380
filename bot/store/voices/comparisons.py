"""Tweets of two versions of a voice side by side, and which ones somebody liked better.

Knows rows. Does not know how the tweets are drawn, or how they are shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from bot.store.people.consent import has_withdrawn
from bot.store.sql.database import Database
from bot.store.tables import comparisons
from huggingtweets.core.people.names import VoiceName

Verdict = Literal["older", "newer", "neither"]


SHOWN = timedelta(days=30)
ONLY_THE_VOTE = {"person": "", "texts_of_older": [], "texts_of_newer": []}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison, made for `person`. `older_first` says which version is shown first.

    `verdict` is empty until the person has voted.
    """

    id: str
    person: str
    voice: VoiceName
    older: str
    newer: str
    texts_of_older: Sequence[str]
    texts_of_newer: Sequence[str]
    older_first: bool
    verdict: Verdict | Literal[""]
    at: datetime

    @property
    def sides(self) -> tuple[Sequence[str], Sequence[str]]:
        """The texts as they are shown, the first side before the second one."""
        sides = (self.texts_of_older, self.texts_of_newer)
        return sides if self.older_first else sides[::-1]

    @property
    def names(self) -> tuple[str, str]:
        """The versions in the order of `sides`."""
        names = (self.older, self.newer)
        return names if self.older_first else names[::-1]


@dataclass(frozen=True, slots=True)
class Preferences:
    """How often people liked each of two versions better."""

    older: str
    newer: str
    for_older: int = 0
    for_newer: int = 0
    for_neither: int = 0


class Comparisons:
    """Comparisons and their votes. Each has one vote, that of the person for whom it was made.

    One that is older than `SHOWN` is not shown any more: only its vote is kept, if it has one.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def begin(
        self,
        number: str,
        *,
        person: str,
        voice: VoiceName,
        older: str,
        newer: str,
        texts_of_older: Sequence[str],
        texts_of_newer: Sequence[str],
        older_first: bool,
    ) -> bool:
        """Keep a comparison. Returns False if somebody in the voice was forgotten meanwhile."""
        row = {"id": number, "person": person, "voice": voice, "older": older, "newer": newer, "at": self._clock()}
        texts = {"texts_of_older": list(texts_of_older), "texts_of_newer": list(texts_of_newer)}
        async with self._database.writing() as connection:
            if await connection.run_sync(has_withdrawn, voice):
                return False
            old = comparisons.c.at < self._clock() - SHOWN
            await connection.execute(sa.delete(comparisons).where(old, comparisons.c.verdict == ""))
            await connection.execute(
                sa.update(comparisons).where(old, comparisons.c.person != "").values(ONLY_THE_VOTE)
            )
            await connection.execute(sa.insert(comparisons).values(**row, **texts, older_first=older_first))
        return True

    async def get(self, number: str) -> Comparison | None:
        row = await self._database.row(sa.select(comparisons).where(comparisons.c.id == number))
        return Comparison(**row._mapping) if row else None

    async def vote(self, number: str, person: str, verdict: Verdict) -> bool:
        """Note what `person` liked better. Returns False for a second vote, and for somebody else's comparison."""
        unvoted = (comparisons.c.id == number, comparisons.c.person == person, comparisons.c.verdict == "")
        query = sa.update(comparisons).where(*unvoted).values(verdict=verdict)
        return bool(await self._database.change(query))

    async def preferences(self, voice: VoiceName) -> list[Preferences]:
        """Returns the votes on each two versions of a voice that have any, the newest versions last."""
        columns = (comparisons.c.older, comparisons.c.newer, comparisons.c.verdict)
        query = sa.select(*columns, sa.func.count()).where(comparisons.c.voice == voice, comparisons.c.verdict != "")
        counts: dict[tuple[str, str], dict[str, int]] = {}
        for older, newer, verdict, count in await self._database.rows(query.group_by(*columns)):
            counts.setdefault((older, newer), {})[f"for_{verdict}"] = count
        pairs = sorted(counts, key=lambda pair: tuple((len(version), version) for version in reversed(pair)))
        return [Preferences(older=older, newer=newer, **counts[older, newer]) for older, newer in pairs]

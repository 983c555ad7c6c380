"""The use case "Real or AI?": one real tweet and one drawn tweet, people guess, and the voice keeps its score.

Knows rounds, voices and their texts. Does not know platforms, or how a round is shown.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.store import Store
from bot.store.rounds import Round, Score
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import VoiceName
from huggingtweets.generation.checks import defused
from huggingtweets.tweets.dataset import Dataset

COMPARABLE = 20  # real tweets of about the drawn one's length, among which one is chosen


@dataclass(frozen=True, slots=True)
class Pair:
    """What a round shows."""

    voice: VoiceName
    version: str
    real: str
    drawn: str
    real_first: bool

    @property
    def texts(self) -> tuple[str, str]:
        return (self.real, self.drawn) if self.real_first else (self.drawn, self.real)


@dataclass(frozen=True, slots=True)
class Result:
    """How a round ended, and the voice's score over all rounds."""

    round: Round
    score: Score
    overall: Score


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A round whose voice may not speak there any more: nothing of it is shown."""


class Voting:
    """Rounds of `seconds`."""

    def __init__(
        self,
        *,
        store: Store,
        tweeting: Tweeting,
        seconds: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._store = store
        self._tweeting = tweeting
        self._clock = clock
        self.seconds = seconds

    async def pair(self, ask: Ask) -> Pair:
        """Two tweets to tell apart; raises what `Tweeting.tweet_like` raises, so never of who opted out."""
        voice = ask.voice.single
        tweets = await self._tweeting.tweet_like(ask)
        version = await self._tweeting.version(voice, ask.server)
        texts = (await asyncio.to_thread(Dataset.load, version.dataset)).texts
        real = _comparable(tweets.texts[0], texts)
        return Pair(voice, tweets.version, real, tweets.texts[0], secrets.randbelow(2) == 0)

    async def begin(self, message: str, pair: Pair, *, server: str, channel: str) -> datetime:
        """Open the round that `message` shows; when it ends."""
        ends_at = self._clock() + timedelta(seconds=self.seconds)
        await self._store.rounds.begin(
            message,
            voice=pair.voice,
            version=pair.version,
            real_text=pair.real,
            drawn_text=pair.drawn,
            real_first=pair.real_first,
            ends_at=ends_at,
            server=server,
            channel=channel,
        )
        return ends_at

    async def vote(self, message: str, person: str, *, chose_first: bool) -> bool:
        """One guess. Returns True if it counts: not after the end, and not twice.

        Raises `Usage` for a round that was withdrawn.
        """
        found = await self._store.rounds.get(message)
        if not found or not await self._tweeting.knows(found.voice, found.server):
            raise Usage("This round was withdrawn: whose voice it is does not take part any more.")
        return await self._store.rounds.vote(message, person, chose_first=chose_first)

    async def close(self, message: str) -> Result | Withdrawn | None:
        """End a round, the first time that it is asked. Returns None ever after."""
        found = await self._store.rounds.get(message)
        if not found:
            return Withdrawn()  # it was forgotten with its voice
        score = await self._store.rounds.close(message)
        if score is None:
            return None
        if not await self._tweeting.knows(found.voice, found.server):
            return Withdrawn()
        return Result(found, score, await self._store.rounds.score(found.voice))

    async def open(self) -> list[tuple[Round, float]]:
        """Rounds that are still to be closed, with the seconds that each has left: after a restart."""
        now = self._clock()
        return [(one, max(0.0, (one.ends_at - now).total_seconds())) for one in await self._store.rounds.open()]


def _comparable(drawn: str, texts: Sequence[str]) -> str:
    """A real tweet of about the same length: the length must not give it away."""
    nearest = sorted((text for text in texts if text.strip()), key=lambda text: abs(len(text) - len(drawn)))
    if not nearest:
        raise Usage("This voice has no tweets to compare with.")
    return defused(" ".join(secrets.choice(nearest[:COMPARABLE]).split()))

"""The game "Real or AI?": people see a real tweet and a drawn one and guess, and each voice has a score.

Knows rounds, voices and their texts. Does not know platforms, or how a round is shown.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from bot.store import Store
from bot.store.voices.rounds import Round, Score
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.checks import Check, defused, first_objection
from huggingtweets.tweets.learned.dataset import Dataset

COMPARABLE = 20  # the real tweet is chosen among so many of about the drawn one's length


@dataclass(frozen=True, slots=True)
class Pair:
    """The two tweets of a round."""

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
    """How a round ended: its score, and the score of the voice over all rounds."""

    round: Round
    score: Score
    overall: Score


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A round whose voice may not speak there any more. Nothing of it is shown."""


class Voting:
    """Rounds, each of which lasts `seconds`."""

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
        """Two tweets to tell apart. Raises like `Tweeting.tweet_like`, so nobody who opted out is shown."""
        voice = ask.voice.single
        tweets = await self._tweeting.tweet_like(ask)
        version = await self._tweeting.version(voice, ask.server)
        texts = (await asyncio.to_thread(Dataset.load, version.dataset)).texts
        unwanted = await self._tweeting.unwanted(ask.server)
        real = await asyncio.to_thread(comparable, tweets.texts[0], texts, unwanted)
        return Pair(voice, tweets.version, real, tweets.texts[0], secrets.randbelow(2) == 0)

    async def begin(self, message: str, pair: Pair, *, server: str, channel: str) -> datetime:
        """Begin the round that `message` shows. Returns when it ends."""
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
        """Note a guess. Returns False if it does not count: it is the second one, or it comes after the end.

        Raises `Usage` if the round was withdrawn.
        """
        played = await self._store.rounds.get(message)
        if not played or not await self._tweeting.knows(played.voice, played.server):
            raise Usage(Phrase("This round was withdrawn: whose voice it is does not take part any more."))
        return await self._store.rounds.vote(message, person, chose_first=chose_first)

    async def close(self, message: str) -> Result | Withdrawn | None:
        """End a round. Returns None if it had ended before."""
        played = await self._store.rounds.get(message)
        if not played:
            return Withdrawn()  # it was deleted with its voice
        score = await self._store.rounds.close(message)
        if score is None:
            return None
        if not await self._tweeting.knows(played.voice, played.server):
            return Withdrawn()
        return Result(played, score, await self._store.rounds.score(played.voice))

    async def open(self) -> list[tuple[Round, float]]:
        """The rounds that are still open, for instance after a restart, with the seconds that each has left."""
        now = self._clock()
        open_rounds = await self._store.rounds.open()
        return [(each, max(0.0, (each.ends_at - now).total_seconds())) for each in open_rounds]


def comparable(drawn: str, texts: Sequence[str], unwanted: Sequence[Check]) -> str:
    """A real tweet of about the same length as `drawn`, so that the length gives nothing away.

    A real tweet with an unwanted word is passed over.
    """
    by_length = sorted((text for text in texts if text.strip()), key=lambda text: abs(len(text) - len(drawn)))
    nearest = list(islice((text for text in by_length if not first_objection(unwanted, text)), COMPARABLE))
    if not nearest:
        raise Usage(Phrase("This voice has no tweets to compare with."))
    return defused(" ".join(secrets.choice(nearest).split()))

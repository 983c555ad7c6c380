"""The taste of each voice, learned from what people thought of its texts, anew after a while.

Knows where judgements are, and how long a taste holds. Does not know how one is learned.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import median

from bot.core.post_text.ai_label import without_label
from bot.core.process.ongoing import end
from bot.store import Store
from bot.store.voices.judgements import Judged
from bot.voices.taste import LEAST, Judgement, Taste
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import BlendName

log = logging.getLogger(__name__)

HOLDS = timedelta(hours=1)
OLD_ENOUGH = timedelta(days=2)  # a younger post may still get its likes
LEAST_POSTS = 10  # below that, what is usual for a voice cannot be told


class Tastes:
    """Tastes in memory. One of `ai_labels` may end the texts of posts, and is no matter of taste."""

    def __init__(self, store: Store, clock: Callable[[], datetime], ai_labels: Sequence[str] = ()):
        self._store = store
        self._clock = clock
        self._ai_labels = tuple(filter(None, ai_labels))
        self._learned: dict[BlendName, tuple[datetime, Taste | None]] = {}
        self._learning: dict[BlendName, asyncio.Task[None]] = {}

    async def of(self, voice: BlendName) -> Taste | None:
        """Returns the taste of a voice, or None while there are too few judgements."""
        if self._is_old(voice):
            self._learned[voice] = self._clock(), await self._learn(voice)
        return self._learned[voice][1]

    def at_hand(self, voice: BlendName) -> Taste | None:
        """Returns the taste of a voice as far as it is known, without a wait. If that is old, it is learned anew."""
        if self._is_old(voice) and voice not in self._learning:
            task = self._learning[voice] = asyncio.create_task(self._refresh(voice), name=f"taste of {voice}")
            task.add_done_callback(lambda _: self._learning.pop(voice, None))
        return self._learned[voice][1] if voice in self._learned else None

    async def settled(self) -> None:
        """Wait until what is being learned is known."""
        await asyncio.gather(*self._learning.values(), return_exceptions=True)

    async def close(self) -> None:
        """End what is being learned."""
        await end(*self._learning.values())

    def _is_old(self, voice: BlendName) -> bool:
        learned = self._learned.get(voice)
        return not learned or learned[0] + HOLDS <= self._clock()

    async def _refresh(self, voice: BlendName) -> None:
        try:
            await self.of(voice)
        except PipelineError as error:
            log.info("what people like of a voice is not learned: %s", error)

    async def _learn(self, voice: BlendName) -> Taste | None:
        judged = await self._store.judgements.of(voice)
        response = await self._store.judgements.response(voice, self._clock() - OLD_ENOUGH)
        judgements = [*self._of_people(judged), *self._of_response(response)]
        # scikit-learn takes a second to import.
        return await asyncio.to_thread(_fit, judgements) if len(judgements) >= LEAST else None

    def _bare(self, text: str) -> str:
        for label in self._ai_labels:
            text = without_label(text, label)
        return text

    def _of_people(self, judged: Sequence[Judged]) -> list[Judgement]:
        judgements = []
        for each in judged:
            weight, before = 1 / len(each.texts), self._bare(each.instead_of)
            judgements += [Judgement(self._bare(text), each.liked, weight, before) for text in each.texts]
            if before:
                judgements.append(Judgement(before, liked=False, group=before))
        return judgements

    def _of_response(self, response: Sequence[tuple[str, int]]) -> list[Judgement]:
        """Posts with more response than is usual for the voice were liked, those with less were not."""
        if len(response) < LEAST_POSTS:
            return []
        usual = median(total for _, total in response)
        return [Judgement(self._bare(text), total > usual) for text, total in response if total != usual]


def _fit(judgements: Sequence[Judgement]) -> Taste | None:
    from bot.voices.taste_fit import fit

    return fit(judgements)

"""Which of many candidates are answered, and how many candidates are drawn.

The most real ones are likelier, but each has a chance, so answers differ. The chance follows the odds of being real:
if these were right and there were many candidates, what is kept would be spread like the person's own tweets.

Knows scores, counts and seconds. Does not know texts, models or who waits.
"""

from collections import deque
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

TEMPERATURE = 1.0
FIRST_DRAFTS = 12  # SmolLM2 takes 0.7 s for them on two cores with AVX2
LATEST = 8  # batches of a base that say what the next one costs
PROPORTIONAL = 0.1  # how much a batch counts for a draft costing the same in every batch


def selected(log_odds: NDArray[np.floating], count: int, seed: int, temperature: float = TEMPERATURE) -> list[int]:
    """The places of `count` candidates in the order in which they were drawn. The same seed selects the same ones.

    This draws without replacement, each time with chances like exp(log odds / temperature), by the Gumbel-top-k trick
    (Kool et al. 2019, "Stochastic beams and where to find them").
    """
    chances = np.asarray(log_odds, np.float64) / temperature + np.random.default_rng(seed).gumbel(size=len(log_odds))
    return sorted(np.argsort(-chances, kind="stable")[:count].tolist())


class Pace:
    """How many drafts each base has time for, by what its latest batches have taken.

    A batch takes a time of its own and a time for each draft: with AVX-512 VNNI, 25 drafts take twice as long as 7. A
    line through the latest batches, by least squares, says how much. Where they were all of about one size, a draft is
    taken to cost the same in every batch, which is too much rather than too little.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._latest: dict[Hashable, deque[tuple[int, float]]] = {}
        self._loaded: set[Hashable] = set()

    def drafts(self, base: Hashable, wanted: int) -> int:
        """How many drafts there is time for, at most `wanted`. A base that has not drawn yet gets a few."""
        if base not in self._latest:
            return min(wanted, FIRST_DRAFTS)
        drafts, seconds = np.array(self._latest[base]).T
        usual, taken = drafts.mean(), seconds.mean()
        as_many = usual * self._seconds / taken  # if a draft costs the same in every batch
        if taken < self._seconds:
            trust, spread = PROPORTIONAL * len(drafts) * usual**2, drafts - usual
            each = (spread @ (seconds - taken) + trust * taken / usual) / (spread @ spread + trust)
            more = (self._seconds - taken) / each if each > 0 else np.inf
            as_many = np.clip(usual + more, as_many, 2 * as_many)
        return max(1, int(min(wanted, as_many)))

    def note(self, base: Hashable, drafts: int, seconds: float) -> None:
        """`base` has drawn `drafts` in `seconds`. What loaded it as well is dropped when more is known."""
        latest = self._latest.setdefault(base, deque(maxlen=LATEST))
        if latest and base not in self._loaded:
            self._loaded.add(base)
            latest.clear()
        latest.append((drafts, max(seconds, 1e-6)))

"""Which of many candidates are answered, and how many candidates are drawn.

The most real ones are likelier, but each has a chance, so answers differ. The chance follows the odds of being real:
if these were right and there were many candidates, what is kept would be spread like the person's own tweets.

Knows scores, counts and seconds. Does not know texts, models or who waits.
"""

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

TEMPERATURE = 1.0
SMOOTHING = 0.5  # of the drafts a second
FIRST_DRAFTS = 12  # SmolLM2 takes 0.7 s for them on two cores


def selected(log_odds: NDArray[np.floating], count: int, seed: int, temperature: float = TEMPERATURE) -> list[int]:
    """The places of `count` candidates in the order in which they were drawn. The same seed selects the same ones.

    This draws without replacement, each time with chances like exp(log odds / temperature), by the Gumbel-top-k trick
    (Kool et al. 2019, "Stochastic beams and where to find them").
    """
    chances = np.asarray(log_odds, np.float64) / temperature + np.random.default_rng(seed).gumbel(size=len(log_odds))
    return sorted(np.argsort(-chances, kind="stable")[:count].tolist())


class Pace:
    """How many drafts a second each base has given lately, and so how many there is time for."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._per_second: dict[Hashable, float] = {}

    def drafts(self, base: Hashable, wanted: int) -> int:
        """How many drafts there is time for, at most `wanted`. A base that has not drawn yet gets a few."""
        pace = self._per_second.get(base)
        return min(wanted, FIRST_DRAFTS if pace is None else int(pace * self._seconds))

    def note(self, base: Hashable, drafts: int, seconds: float) -> None:
        """`base` has drawn `drafts` in `seconds`. A batch of more drafts gives more of them a second, never fewer."""
        pace = drafts / max(seconds, 1e-6)
        before = self._per_second.get(base, pace)
        self._per_second[base] = before + SMOOTHING * (pace - before)

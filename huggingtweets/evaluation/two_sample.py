"""How different two samples are: how well they can be told apart, and by how much a figure of theirs differs.

Two-sample tests by a classifier are after Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests".

Knows texts, numbers and formulas. Does not know models, or which sample is drawn.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from huggingtweets.core.records import Estimate
from huggingtweets.tweets.style.detector import Detector

MIN_TEXTS = 10  # in each sample; fewer say nothing
REPEATS = 5
Z = 1.96  # of a normal distribution: 95 % lie within so many standard errors

Figures = NDArray[np.float64]


def accuracy(
    real: Sequence[str], drawn: Sequence[str], figures: tuple[Figures, Figures] | None = None, seed: int = 0
) -> Estimate:
    """The share of texts that a classifier puts into the right sample; 0.5 if they cannot be told apart.

    Both samples have the same size, `MIN_TEXTS` or more. The classifier is fitted on half of each and asked about the
    other halves, and then the other way round, for `REPEATS` random halvings. `figures` are further traits of the real
    and of the drawn texts, [text, figure] each.

    The answers are not independent: half of the texts decide on the other half. So the interval is that of half as many
    independent answers.
    """
    size = _same_size(real, drawn)
    texts = np.array([*real, *drawn], dtype=object)
    is_drawn = np.repeat([False, True], size)
    traits = None if figures is None else np.concatenate(figures)
    chance = np.random.default_rng(seed)
    right = 0
    for _ in range(REPEATS):
        halves = np.zeros(2 * size, bool)
        for start in (0, size):
            halves[start + chance.permutation(size)[: size // 2]] = True
        for learned in (halves, ~halves):
            of_learned, of_asked = (None, None) if traits is None else (traits[learned], traits[~learned])
            detector = Detector(texts[learned].tolist(), is_drawn[learned].tolist(), of_learned)
            right += int(((detector.scores(texts[~learned].tolist(), of_asked) > 0) == is_drawn[~learned]).sum())
    return _interval_of_share(right / (REPEATS * 2 * size), size)


def auc(real: Figures, drawn: Figures) -> Estimate:
    """How often a drawn text's figure is the higher one of a drawn and a real text's; 0.5 if it tells nothing.

    It is the area under the ROC curve. The interval is that of the largest variance it can have (Birnbaum & Klose
    1957), so it is rather too wide than too narrow.
    """
    size = _same_size(real, drawn)
    differences = drawn[:, None] - real[None, :]
    return _interval_of_share(float((differences > 0).mean() + (differences == 0).mean() / 2), size)


def ratio_of_means(real: Figures, drawn: Figures) -> Estimate:
    """The mean of the drawn texts' figures over that of the real ones'. All figures are above 0."""
    size = _same_size(real, drawn)
    error = math.sqrt(sum(sample.var(ddof=1) / size / sample.mean() ** 2 for sample in (real, drawn)))
    ratio = float(drawn.mean() / real.mean())
    return Estimate(ratio, ratio * math.exp(-Z * error), ratio * math.exp(Z * error))


def _interval_of_share(share: float, answers: int) -> Estimate:
    """`share` of independent `answers` with Wilson's interval, which is never empty."""
    middle = (share + Z**2 / (2 * answers)) / (1 + Z**2 / answers)
    half = Z / (1 + Z**2 / answers) * math.sqrt(share * (1 - share) / answers + Z**2 / (4 * answers**2))
    # At 0 and 1 rounding could leave the share itself outside.
    return Estimate(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def _same_size(real: Sequence[object] | Figures, drawn: Sequence[object] | Figures) -> int:
    if len(real) != len(drawn) or len(real) < MIN_TEXTS:
        raise ValueError(f"two samples of {MIN_TEXTS} texts or more and of the same size are compared")
    return len(real)

"""Do the tweets make sense? Drawn tweets are held against the person's real ones, by their words and by another model.

The other model, the judge, has never seen the person and is not the base of the voice. A voice and its base find likely
what the voice writes, so they cannot judge it.

Knows bases on this machine, texts and formulas. Does not know versions, or what is good enough.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from huggingtweets.core.config.base_folders import EMBEDDED, NAMED, located
from huggingtweets.core.errors import BadBase
from huggingtweets.core.records import Estimate, Sense
from huggingtweets.core.work import Did, nobody_counts
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.evaluation.two_sample import MIN_TEXTS, Figures, accuracy, auc, ratio_of_means
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.tweets.style.detector import level

log = logging.getLogger(__name__)

# Of each kind. A classifier that learns from more texts tells more of them apart, so accounts of different sizes can
# only be compared if most have the same number. It also bounds what a judge costs.
MAX_TEXTS = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts in the form of `level`, and the bits per byte of each under the judge; None without a judge."""

    texts: Sequence[str]
    bits: Figures | None = None

    @property
    def traits(self) -> Figures | None:
        """What the classifier is told of each text besides the text."""
        return None if self.bits is None else self.bits[:, None]


def sense(
    dataset: Dataset,
    drawn: Sequence[str],
    find: Callable[[], Base | None],
    row_tokens: int,
    seed: int = 0,
    did: Did = nobody_counts,
) -> Sense | None:
    """How well `drawn` tweets can be told from the held-out ones. None if there are too few of either.

    `find` returns the judge. It is called only if there are enough tweets to judge. The same `seed` chooses the same
    tweets.
    """
    levelled = [levelled_texts(texts) for texts in (dataset.held_out, drawn, dataset.learned)]
    size = min(MAX_TEXTS, *map(len, levelled))
    if size < MIN_TEXTS:
        return None
    judge = find()
    tell = partial(did, "judged")
    real, ours, earlier = (sample(texts, size, judge, row_tokens, seed, tell) for texts in levelled)
    of_ours = told_apart(real, ours, seed)
    did("compared", 1)
    return Sense(
        tweets=size,
        told_apart=of_ours,
        own_told_apart=told_apart(real, earlier, seed),
        judge=bases.base_name(judge.id) if judge else "",
        bits_ratio=None if real.bits is None or ours.bits is None else ratio_of_means(real.bits, ours.bits),
        bits_auc=None if real.bits is None or ours.bits is None else auc(real.bits, ours.bits),
    )


def levelled_texts(texts: Sequence[str]) -> list[str]:
    """`texts` in the form of `level`, without those of which nothing is left."""
    return [text for text in map(level, texts) if text]


def sample(
    texts: Sequence[str],
    size: int,
    judge: Base | None,
    row_tokens: int,
    seed: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> Sample:
    """`size` of `texts`, with their bits per byte under `judge`. `tell` hears of the tokens that it has read."""
    places = np.random.default_rng(seed).permutation(len(texts))[:size]
    some = [texts[place] for place in places]
    if judge is None:
        return Sample(some)
    losses = text_losses(judge, some, row_tokens, tell=tell)
    return Sample(some, losses.bits / losses.sizes)


def told_apart(real: Sample, drawn: Sample, seed: int = 0) -> Estimate:
    """The share of both samples that a classifier puts on the right side."""
    traits = None if real.traits is None or drawn.traits is None else (real.traits, drawn.traits)
    return accuracy(real.texts, drawn.texts, traits, seed)


def find_judge(base: str, models: Path) -> Base | None:
    """An untuned model for the tweets of a voice on `base`: another base that is ready here. None if there is none."""
    for candidate in judges(base, models):
        try:
            return bases.load(candidate)
        except BadBase as error:
            log.warning("%s cannot judge the tweets: %s", candidate, error)
    return None


def judges(base: str, models: Path) -> Iterator[str]:
    """Where the bases are that can judge a voice on `base`, the best one first.

    Named bases come first, because they write best. None is made ready or downloaded for this.
    """
    own = bases.fingerprint(base)
    ready = [folder for name in NAMED if bases.is_ready(folder := located(name, models))]
    for candidate in (*ready, EMBEDDED):
        try:
            if bases.fingerprint(candidate) != own:
                yield candidate
        except BadBase as error:
            log.warning("%s cannot judge the tweets: %s", candidate, error)

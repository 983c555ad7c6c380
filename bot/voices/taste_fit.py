"""Learns a taste from judgements, and measures it on judgements that it has not seen.

Knows numbers. Does not know where judgements come from. It is imported only where a taste is learned.
"""

import math
from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from bot.voices.taste import LEAST, Judgement, Taste, seen_in
from huggingtweets.tweets.texts.copies import normalised

LEAST_OF_EACH = 10  # liked and not liked
FOLDS = 5
TRUST = 0.1  # the inverse of what a weight costs: a few dozen judgements say little about eleven weights


def fit(judgements: Sequence[Judgement]) -> Taste | None:
    """The taste behind `judgements`. Returns None if there are too few of them, or too few of either kind."""
    liked = np.array([judgement.liked for judgement in judgements])
    if len(liked) < LEAST or min(liked.sum(), (~liked).sum()) < LEAST_OF_EACH:
        return None
    table = np.array([seen_in(judgement.text) for judgement in judgements])
    weights = np.array([judgement.weight for judgement in judgements])
    means, scales = table.mean(axis=0), table.std(axis=0)
    scales[scales == 0] = 1.0
    shifted = (table - means) / scales
    # The same text on both sides would be no held-out judgement, nor would what became of it.
    groups = [normalised(judgement.group or judgement.text) for judgement in judgements]
    scores = np.zeros(len(liked))
    for seen, unseen in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(shifted, liked, groups):
        if len(set(liked[seen])) < 2:
            return None
        model = _regression().fit(shifted[seen], liked[seen], sample_weight=weights[seen])
        scores[unseen] = model.decision_function(shifted[unseen])
    area = float(roc_auc_score(liked, scores))
    model = _regression().fit(shifted, liked, sample_weight=weights)
    return Taste(
        weights=tuple(map(float, model.coef_[0])),
        constant=float(model.intercept_[0]),
        means=tuple(map(float, means)),
        scales=tuple(map(float, scales)),
        area=area,
        error=_standard_error(area, int(liked.sum()), int((~liked).sum())),
        judgements=len(liked),
    )


def _standard_error(area: float, liked: int, others: int) -> float:
    """The standard error of an area under a curve (Hanley and McNeil 1982)."""
    both_liked, both_others = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area)
    spread += (liked - 1) * (both_liked - area**2) + (others - 1) * (both_others - area**2)
    # With an area of 1 the formula gives 0, which no such number of judgements can show.
    return max(math.sqrt(max(0.0, spread) / (liked * others)), 0.5 / min(liked, others))


def _regression() -> LogisticRegression:
    return LogisticRegression(C=TRUST, class_weight="balanced", solver="liblinear")

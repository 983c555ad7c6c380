"""Fits a discriminator: from real tweets, learned and not learned, and from drafts that no check has seen.

The weights of the n-grams come from all texts. What a score means, and what the length says, comes from the tweets that
the voice has not learned: drafts repeat pieces of the learned ones. For that each text is scored with weights that were
fitted without it. How unlikely a text is says nothing of learned ones, so only the others are asked for it.

Knows texts and formulas. Does not know models or files.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from huggingtweets.generation.discriminator import BUCKETS, SHAPES, Discriminator, Features, Floats, surprises

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

MAX_TEXTS = 1_000  # on either side
MIN_TEXTS = 20  # on either side
FOLDS = 4
TRUST = 1.0  # in single n-grams: the inverse of what a weight costs
TRUST_IN_SUM = 1.0


def fit(
    learned: Sequence[str],
    unlearned: Sequence[str],
    drawn: Sequence[str],
    bits_of_unlearned: Sequence[float] = (),
    bits_of_drawn: Sequence[float | None] = (),
) -> Discriminator | None:
    """The discriminator of real tweets and `drawn` ones. Returns None if there are too few of either.

    With the bits per byte of the `unlearned` and the `drawn` ones under the voice, it also learns what these say: many
    drafts are too likely.
    """
    real = [*learned, *unlearned][-MAX_TEXTS:]
    drawn, bits_of_drawn = drawn[:MAX_TEXTS], bits_of_drawn[:MAX_TEXTS]
    if min(len(real), len(drawn)) < MIN_TEXTS:
        return None
    # Importing it takes 2 s of processor time, which is not needed where there is too little.
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    features = Features.of([*real, *drawn])
    is_real = np.arange(len(features)) < len(real)
    ngrams = sparse.csr_matrix((features.values, (features.owners, features.buckets)), (len(features), BUCKETS))
    model = _regression(TRUST)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    scores: Floats = cross_val_predict(model, ngrams, is_real, cv=folds, method="decision_function")
    judged = ~is_real
    enough_unlearned = len(unlearned) >= MIN_TEXTS
    judged[len(real) - (len(unlearned) if enough_unlearned else len(real)) : len(real)] = True
    bits, usual = np.full(len(features), np.nan), 0.0
    if enough_unlearned and len(bits_of_unlearned) == len(unlearned) and len(bits_of_drawn) == len(drawn):
        bits[len(real) - len(unlearned) :] = np.array([*bits_of_unlearned, *bits_of_drawn], np.float64)
        usual = float(np.nan_to_num(np.nanmean(bits[len(real) :])))
    table = np.column_stack([scores, features.shapes, surprises(bits, usual)])[judged]
    factor, *others = _regression(TRUST_IN_SUM).fit(table, is_real[judged]).coef_[0]
    weights = model.fit(ngrams, is_real).coef_[0] * max(0.0, factor)
    return Discriminator.of(np.concatenate([weights, others[:SHAPES]]), np.array(others[SHAPES:]), usual)


def _regression(trust: float) -> "LogisticRegression":
    """Real and drawn texts count the same, however many there are. The constant is one of the shapes."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=trust, class_weight="balanced", fit_intercept=False, solver="liblinear")

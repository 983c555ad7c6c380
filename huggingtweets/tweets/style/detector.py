"""A classifier that tells drawn tweets from real ones, by their words, their characters and other figures of each text.

A logistic regression over TF-IDF of character 2- to 5-grams and of word 1- and 2-grams (scikit-learn).

Knows strings and numbers. Does not know models, or what a good answer is.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import regex
from numpy.typing import NDArray
from scipy import sparse

from huggingtweets.core.text.visible import visible
from huggingtweets.tweets.learned.clean import clean

SOMEBODY = "@user"
_MENTION = regex.compile(r"(?:(?<!\w)[@＠][\w.-]*\w)+(?:[@＠][\w.-]*\w)*")

Figures = NDArray[np.float64]


def level(text: str) -> str:
    """`text` in the form in which drawn and real tweets are compared.

    It has no links and no characters that nobody sees, and every mention is `@user`. The checks of drawn tweets put
    such characters into mentions. Real tweets have no links left when they are learned.
    """
    return _MENTION.sub(SOMEBODY, clean(visible(text)))


class Detector:
    """A classifier fitted on `texts`, of which some are drawn and the others real.

    `figures` [text, figure] are further traits of each text, such as its likelihood. They are None if there are none.
    """

    def __init__(self, texts: Sequence[str], is_drawn: Sequence[bool], figures: Figures | None = None):
        # Importing it takes 2 s of processor time, and most modules that import this one fit nothing.
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self._grams = (
            TfidfVectorizer(analyzer=_runs_of_characters, sublinear_tf=True),
            TfidfVectorizer(analyzer=_runs_of_words, sublinear_tf=True),
        )
        for grams in self._grams:
            grams.fit(texts)
        self._middle, self._spread = _scale(figures)
        # liblinear draws no random numbers for this loss in the primal.
        self._model = LogisticRegression(solver="liblinear")
        self._model.fit(self._traits(texts, figures), np.asarray(is_drawn))

    def scores(self, texts: Sequence[str], figures: Figures | None = None) -> Figures:
        """How surely each text is taken for drawn: the log of the odds, above 0 for drawn."""
        scores: Figures = self._model.decision_function(self._traits(texts, figures))
        return scores

    def _traits(self, texts: Sequence[str], figures: Figures | None) -> sparse.csr_matrix:
        columns = [grams.transform(texts) for grams in self._grams]
        if figures is not None:
            scaled = (figures - self._middle) / self._spread
            # Drawn tweets may be too likely and too unlikely at once; the square tells them from those in the middle.
            columns.append(sparse.csr_matrix(np.hstack([scaled, scaled**2])))
        return sparse.hstack(columns, format="csr")


def _runs_of_characters(text: str) -> list[str]:
    """Two to five characters in a row. A line break marks the begin and the end, so no text is without any."""
    framed = f"\n{text}\n"
    return [framed[start : start + size] for size in range(2, 6) for start in range(len(framed) - size + 1)]


def _runs_of_words(text: str) -> list[str]:
    """The words of `text` and their pairs, framed in the same way."""
    words = ["\n", *text.split(), "\n"]
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def _scale(figures: Figures | None) -> tuple[Figures, Figures]:
    if figures is None:
        return np.zeros(0), np.ones(0)
    spread = figures.std(0)
    return figures.mean(0), np.where(spread > 0, spread, 1.0)

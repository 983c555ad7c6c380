"""What people like of a voice: a logistic regression over a few things that can be seen in a text.

It is learned from people's own judgements and used only if it told held-out ones apart better than chance would.

Knows texts and numbers. Does not know where judgements come from. `taste_fit` learns it, which takes scikit-learn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from huggingtweets.core.text.characters import emoji_in
from huggingtweets.core.text.phrases import Phrase

SURE = 1.645  # standard errors; better than chance in 95 of 100 cases
LEAST = 40  # judgements from which a taste can be learned


@dataclass(frozen=True, slots=True)
class Judgement:
    """A text that people liked, or did not. `weight` says how much it counts: a third if three were judged at once.

    A text that was edited, and what became of it, are of the same `group`.
    """

    text: str
    liked: bool
    weight: float = 1.0
    group: str = ""


@dataclass(frozen=True, slots=True)
class Taste:
    """A learned taste. `weights` are of what `seen_in` sees, shifted by `means` and divided by `scales`.

    `area` is how often a held-out text that was liked scored higher than one that was not (chance: 0.5), with its
    standard error, of `judgements` texts.
    """

    weights: tuple[float, ...]
    constant: float
    means: tuple[float, ...]
    scales: tuple[float, ...]
    area: float
    error: float
    judgements: int

    @property
    def is_better_than_chance(self) -> bool:
        return self.area - SURE * self.error > 0.5

    def score(self, text: str) -> float:
        """How much people would like a text: a log-odds, for comparisons within one voice."""
        shifted = zip(self.weights, seen_in(text), self.means, self.scales, strict=True)
        return self.constant + sum(weight * (value - mean) / scale for weight, value, mean, scale in shifted)

    def scores(self, texts: Sequence[str]) -> list[float]:
        """The same for several texts."""
        return list(map(self.score, texts))


def seen_in(text: str) -> tuple[float, ...]:
    """What the regression sees of a text: its length, its words, and how it is written."""
    words, letters = text.split(), [char for char in text if char.isalpha()]
    return (
        math.log1p(len(text)),
        math.log1p(len(words)),
        sum(map(len, words)) / max(1, len(words)),
        float("?" in text),
        float("!" in text),
        float(min(3, len(emoji_in(text)))),
        float("#" in text),
        float(any(char.isdigit() for char in text)),
        sum(char.isupper() for char in letters) / max(1, len(letters)),
        float(text[:1].islower()),
        float(text[-1:] in (".", "…")),
    )


def told(taste: Taste | None) -> Phrase:
    """A taste in a sentence, for people; empty if there is none."""
    if not taste:
        return Phrase()
    measured = Phrase(
        "of {judgements} judgements it tells liked texts from others in {share:.0%} of held-out pairs",
        judgements=taste.judgements,
        share=taste.area,
    )
    use = Phrase("it ranks what I draw") if taste.is_better_than_chance else Phrase("so it is not used yet")
    return Phrase("What people like: {measured} (chance: {chance:.0%}), {use}.", measured=measured, chance=0.5, use=use)


def best(texts: Sequence[str], taste: Taste) -> str:
    """The text that people would like most."""
    return max(texts, key=taste.score)

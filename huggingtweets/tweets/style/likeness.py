"""How alike two collections of tweets are in what can be counted: lengths, emoji, word pairs.

Knows strings and formulas. Does not know models, or which collection is real.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

from huggingtweets.core.text.characters import emoji_in
from huggingtweets.tweets.texts.words import tokens

LENGTH_BIN = 20  # characters


def distinct_n(texts: Sequence[str], n: int) -> float:
    """The share of different n-grams among all word n-grams of `texts` (Li et al. 2016); 0 if there are none."""
    grams = [tuple(words[i : i + n]) for words in map(tokens, texts) for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def divergence(ours: Mapping[Hashable, float], theirs: Mapping[Hashable, float]) -> float:
    """The Jensen-Shannon divergence of two counts, in bits (Lin 1991): 0 for equal shares, 1 for nothing in common.

    It is 1 if only one of them has counted anything, and 0 if neither has.
    """
    totals = sum(ours.values()), sum(theirs.values())
    if not all(totals):
        return float(any(totals))
    bits = 0.0
    for key in {*ours, *theirs}:
        p, q = ours.get(key, 0) / totals[0], theirs.get(key, 0) / totals[1]
        middle = (p + q) / 2
        bits += sum(share * math.log2(share / middle) / 2 for share in (p, q) if share)
    return max(0.0, min(1.0, bits))


def length_profile(texts: Sequence[str]) -> Counter[Hashable]:
    """The number of texts of each length, in bins of 20 characters."""
    return Counter(len(text) // LENGTH_BIN for text in texts)


def emoji_profile(texts: Sequence[str]) -> Counter[Hashable]:
    """How often each emoji stands in `texts`. A text without emoji counts once, under the empty string."""
    return Counter(emoji for text in texts for emoji in emoji_in(text) or [""])

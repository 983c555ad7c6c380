"""Who repeats whom: exact copies, and near-copies by the word shingles that two texts share.

A shingle is five words in a row, after Broder 1997, "On the resemblance and containment of documents". The measure is
containment and not resemblance, because a draft may be a piece of a longer tweet. A draft is compared with one tweet at
a time. A few phrases each from many tweets are a person's style; most of one tweet is a copy of that tweet.

Knows strings. In scripts without blanks between words, a shingle is as many characters as five words have.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import regex

from huggingtweets.tweets.texts import words

SHINGLE_WORDS = 5
NEAR_COPY_SHARE = 0.6
ZERO_WIDTH_SPACE = "\u200b"
_NOT_WORD = regex.compile(r"[^\w]+")


def normalised(text: str) -> str:
    """What is compared to find copies: only the words, without case, punctuation, emoji or invisible characters."""
    folded = unicodedata.normalize("NFKC", text.replace(ZERO_WIDTH_SPACE, "")).casefold()
    return _NOT_WORD.sub(" ", folded).strip()


class KnownTexts:
    """Texts that must not be repeated, indexed by their shingles."""

    def __init__(self, texts: Iterable[str] = ()):
        self._exact: set[str] = set()
        self._containing: dict[int, list[int]] = {}
        self._count = 0
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        plain = normalised(text)
        if plain and plain not in self._exact:
            self._exact.add(plain)
            for shingle in _shingles(plain):
                self._containing.setdefault(shingle, []).append(self._count)
            self._count += 1

    def has(self, text: str) -> bool:
        """Returns True if one of them is `text`, apart from case, punctuation and emoji."""
        return normalised(text) in self._exact

    def has_nearly(self, text: str) -> bool:
        """Returns True if one of them is `text`, or has `NEAR_COPY_SHARE` or more of its shingles."""
        return self.has(text) or self.overlap(text) >= NEAR_COPY_SHARE

    def overlap(self, text: str) -> float:
        """The largest share of the different shingles of `text` that one known text has; 0 for less than five words."""
        shingles = _shingles(normalised(text))
        shared = Counter(number for shingle in shingles for number in self._containing.get(shingle, ()))
        return max(shared.values()) / len(shingles) if shared else 0.0


def exact_copies(drafts: Sequence[str], known_texts: KnownTexts) -> int:
    """The number of `drafts` with five words or more that are a known text, apart from case, punctuation and emoji."""
    return sum(known_texts.has(draft) and not is_short(draft) for draft in drafts)


def near_copies(drafts: Sequence[str], known_texts: KnownTexts) -> int:
    """The number of `drafts` that have 60 % or more of their 5-word shingles from one known text."""
    return sum(known_texts.overlap(draft) >= NEAR_COPY_SHARE for draft in drafts)


def short_repeats(drafts: Sequence[str], known_texts: KnownTexts) -> int:
    """The number of `drafts` that are a known text of less than five words. Anybody may say "Thank you!"."""
    return sum(known_texts.has(draft) and is_short(draft) for draft in drafts)


def is_short(text: str) -> bool:
    """Returns True if `text` has fewer words than a shingle."""
    return words.is_shorter(normalised(text), SHINGLE_WORDS)


def without_near_copies(texts: Sequence[str]) -> list[int]:
    """The places of the `texts` that do not nearly repeat an earlier one."""
    earlier, places = KnownTexts(), []
    for place, text in enumerate(texts):
        if not earlier.has_nearly(text):
            places.append(place)
            earlier.add(text)
    return places


def _shingles(plain: str) -> set[int]:
    """Hashes of the runs of five words of a normalised text."""
    return {hash(run) for run in words.runs(plain, SHINGLE_WORDS)}

"""How many words a text has, in every script.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without blanks between words. There a word is taken to have
two Chinese characters, or three Japanese syllables, or three letters of the others with their marks. Each such
character is a token. In all other scripts a token is what stands between blanks.

Knows scripts. Does not know dictionaries (see `segments`), or what the words are counted for.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex

UNITS = 6  # in one word
# Scripts by the number of units that one of their characters has.
_SCRIPTS = {
    3: r"\p{Han}",
    2: r"\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}",
}
UNSPACED = "".join(_SCRIPTS.values())  # for use between brackets
_LETTER = rf"[{UNSPACED}][\p{{M}}\u30fc\u200b-\u200d]*"  # with its marks, and the stroke that makes a vowel long
_TOKEN = regex.compile(rf"{_LETTER}|[^\s{UNSPACED}]+")
_ANY = regex.compile(rf"[{UNSPACED}]")
_HEAVY = regex.compile(rf"[{_SCRIPTS[3]}]")


def is_unspaced(text: str) -> bool:
    """Returns True if a character of `text` is of a script without blanks between words."""
    return _ANY.search(text) is not None


def tokens(text: str) -> list[str]:
    """The words between blanks; in scripts without blanks, each character."""
    return _TOKEN.findall(text) if is_unspaced(text) else text.split()


def units(token: str) -> int:
    """How many units a token has; a whole word has `UNITS`."""
    if not is_unspaced(token):
        return UNITS
    return 3 if _HEAVY.match(token) else 2


def count(text: str) -> int:
    """The number of words of `text`; each piece between two blanks has at least one."""
    return sum(max(1, round(sum(map(units, tokens(piece))) / UNITS)) for piece in text.split())


def runs(text: str, words: int) -> Iterator[tuple[str, ...]]:
    """All runs of tokens in `text` that together have `words` words."""
    listed = tokens(text)
    sizes = list(map(units, listed))
    end = size = 0
    for start in range(len(listed)):
        while end < len(listed) and size < words * UNITS:
            size += sizes[end]
            end += 1
        if size < words * UNITS:
            return
        yield tuple(listed[start:end])
        size -= sizes[start]


def is_shorter(text: str, words: int) -> bool:
    """Returns True if `text` has fewer than `words` words."""
    return sum(map(units, tokens(text))) < words * UNITS


def terms(text: str) -> frozenset[str]:
    """The different words of `text`; in scripts without blanks, the different pairs of characters."""
    return frozenset(_terms(text))


def _terms(text: str) -> Iterator[str]:
    for piece in text.split():
        yield from _pairs(tokens(piece)) if is_unspaced(piece) else [piece]


def _pairs(characters: Sequence[str]) -> list[str]:
    return [first + second for first, second in pairwise(characters)] or list(characters)

"""How else a text can be read: with look-alikes, digits for letters, or in pieces. This finds words that were hidden.

Knows Unicode, and its list of look-alikes (UTS 39) by confusable_homoglyphs. Does not know what is looked for.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import regex

from huggingtweets.core.text.visible import visible
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE

LONGEST_WORD = 40  # pieces are joined up to this many characters
SHORT_PIECE = 2  # pieces of so many characters are joined, however many there are
_LEAST_OF_SHORT = 5  # characters that short pieces must have together, unless each is a single letter
_LEAST_OF_TWO = 6  # characters that two longer pieces must have together
_DIGITS = str.maketrans("@4$50!|3€7+869", "aassoiieettbgg")
_ONES = (str.maketrans("1", "i"), str.maketrans("1", "l"))
_REGIONAL = {0x1F1E6 + place: chr(97 + place) for place in range(26)}  # the letters that flags are made of
_SQUARED = {0x1F170 + place: chr(97 + place) for place in range(26)}
_ROUND = {0x1F150 + place: chr(97 + place) for place in range(26)}
_PICTURED = {**_REGIONAL, **_SQUARED, **_ROUND}  # NFKC leaves these as they are
# A word that is written in the usual way: letters of one alphabet, and no digits.
_USUAL = regex.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff]+|[\p{L}\p{M}--\p{Latin}]+", regex.VERSION1)
_LATIN = regex.compile(r"\p{Latin}")
_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_HIDDEN = regex.compile(r"[\p{L}\p{M}\p{N}@$!|€+]+")
_EDGES = "!|+"
_NUMBER = regex.compile(r"[\d$€@!|+]+\p{L}?")  # "900k" is one, too
_STRETCHED = regex.compile(r"(\p{L})\1{2,}")
_LETTER_IN_A_NAME = regex.compile(r"LATIN .*?\b([A-Z])\b")  # LATIN LETTER SMALL CAPITAL N
_MORE_ALIKE = {"к": "k", "м": "m", "т": "t", "в": "b", "н": "h", "κ": "k", "τ": "t", "ν": "v"}  # UTS 39 lacks these
_MARKS = regex.compile(r"(?<=\p{Latin})\p{M}+")


def plain(text: str) -> str:
    """`text` without regard to case, and without what nobody sees."""
    return unicodedata.normalize("NFKC", visible(text.replace(ZERO_WIDTH_SPACE, "")).translate(_PICTURED)).casefold()


def without_accents(text: str) -> str:
    """`text` with bare Latin letters. Marks of other scripts are part of how a word is spelled, so they stay."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text))


def hidden_words(text: str) -> frozenset[str]:
    """The words that `text`, which is `plain`, can be read to have besides those that it has.

    The letters of a word may be look-alikes or digits, and its pieces may stand apart: `n.i.c.e`, `ni ce`, `n|ce`.
    """
    pieces = [_unmasked(chunk) for chunk in text.split()]
    return frozenset(word for word in _all_words(pieces) if 2 < len(word) <= LONGEST_WORD)


def _all_words(pieces: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for readings in pieces:
        yield from readings
    # The first reading joins the parts of a piece, so each piece has one form here.
    joined = [readings[0] for readings in pieces if readings]
    for first, second in pairwise(joined):
        if len(first) + len(second) >= _LEAST_OF_TWO:
            yield first + second
    for place, piece in enumerate(joined):
        if len(piece) <= SHORT_PIECE:
            yield from _windows(joined[place:])


def _windows(pieces: Sequence[str]) -> Iterator[str]:
    """The first two, three and more of `pieces` as one word, as long as they are short."""
    word, singles = "", True
    for piece in pieces:
        if len(piece) > SHORT_PIECE or len(word) > LONGEST_WORD:
            return
        word += piece
        singles = singles and len(piece) == 1
        if singles or len(word) >= _LEAST_OF_SHORT:
            yield word


@lru_cache(maxsize=10_000)
def _unmasked(chunk: str) -> tuple[str, ...]:
    """How `chunk`, which has no blank, can be read: first with all its letters joined, then each of its parts."""
    parts = _HIDDEN.findall(chunk)
    readings = [tuple(dict.fromkeys(_read(part.strip(_EDGES)) + _read(part))) for part in parts if part.strip(_EDGES)]
    if not readings:
        return ()
    return ("".join(first for first, *_ in readings), *(word for reading in readings for word in reading))


def _read(part: str) -> tuple[str, ...]:
    stretched = [_STRETCHED.sub(times, part) for times in (r"\1", r"\1\1")] if _STRETCHED.search(part) else [part]
    return tuple(dict.fromkeys(word for form in stretched for word in _deciphered(form)))


def _deciphered(part: str) -> tuple[str, ...]:
    if _NUMBER.fullmatch(part):
        return (part,)
    if _USUAL.fullmatch(part):
        imitated = _imitated(part)
        return (part, imitated) if imitated else (part,)
    read = [without_accents("".join(map(_latin, part.translate(ones)))).translate(_DIGITS) for ones in _ONES]
    without_signs = "".join(_WORDS.findall(part))
    return (*read, without_signs)


def _imitated(word: str) -> str:
    """The Latin word that a word of another script looks like in each of its letters; empty if there is none."""
    letters = "" if _LATIN.search(word) else "".join(map(_latin, word))
    return letters if letters.isascii() and letters != word else ""


@lru_cache(maxsize=10_000)
def _latin(letter: str) -> str:
    """The Latin letter that `letter` looks like, or `letter` itself."""
    if letter.isascii() or letter in _MORE_ALIKE:
        return _MORE_ALIKE.get(letter, letter)
    if name := _LETTER_IN_A_NAME.match(unicodedata.name(letter, "")):
        return name[1].lower()
    # Imported only for a letter that is not ASCII, because the list takes a tenth of a second to read.
    from confusable_homoglyphs import confusables

    for alike in confusables.confusables_data.get(letter, ()):
        if len(alike["c"]) == 1 and alike["c"].isascii() and alike["c"].isalpha():
            return str(alike["c"]).lower()
    return letter

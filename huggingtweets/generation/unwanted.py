"""The check for words that no answer may have: slurs, and what the operator or the admins of a server do not want.

A word is found in any case, with look-alikes or digits for letters, and in pieces. It is not found inside other words.

Knows texts and lists. Does not know where a list comes from, or who asks for a tweet.
"""

from collections.abc import Iterable
from functools import lru_cache

import regex

from huggingtweets.core.config.settings import WordsSettings
from huggingtweets.core.text.patterns import Searched, compiled
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.checks import Check
from huggingtweets.generation.slurs import slurs
from huggingtweets.tweets.texts.copies import normalised
from huggingtweets.tweets.texts.lookalikes import hidden_words, plain, without_accents
from huggingtweets.tweets.texts.words import is_unspaced

UNWANTED = Phrase("a blocked word")  # the reason that is counted
MAX_WORDS = 100  # of a server
MAX_CHARACTERS = 60  # of one of its words
_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")


class ListedWords:
    """Refuses a text with one of the words or phrases. `*` at the end stands for any ending."""

    def __init__(self, words: Iterable[str]):
        listed = [(normalised(word.removesuffix("*")), word.endswith("*")) for word in words]
        listed = [(word, begins) for word, begins in listed if word]
        self._pattern = regex.compile("|".join(_bounded(word, begins) for word, begins in listed)) if listed else None
        self._whole = frozenset(word for word, begins in listed if not begins)
        self._stems = tuple(word for word, begins in listed if begins)

    def __call__(self, text: str) -> str | None:
        if not self._pattern:
            return None
        if self._pattern.search(normalised(text)):
            return UNWANTED
        hidden = hidden_words(plain(text))
        return UNWANTED if hidden & self._whole or _begins(hidden, self._stems) else None


class Slurs:
    """Refuses a text with a slur. The words in `allowed` are no slurs."""

    def __init__(self, allowed: Iterable[str] = ()):
        listed, kept = slurs(), {without_accents(plain(word)) for word in allowed}
        self._words = listed.words - kept
        self._stems = tuple(stem for stem in listed.stems if stem not in kept)
        self._allowed = kept
        self._phrases = listed.phrases

    def __call__(self, text: str) -> str | None:
        text = plain(text)
        bare = without_accents(text)
        hidden = hidden_words(text)
        words = {*_WORDS.findall(bare), *hidden} - self._allowed
        # Words that were joined of pieces must be whole: "you pink" does not begin with a slur.
        is_slur = words & self._words or _begins(set(_WORDS.findall(bare)) - self._allowed, self._stems)
        is_hidden = hidden & set(self._stems)
        return UNWANTED if is_slur or is_hidden or self._phrases.search(bare) else None


class Patterns:
    """Refuses a text in which one of the patterns is found, as it stands or with bare letters."""

    def __init__(self, patterns: Iterable[str]):
        self._patterns: tuple[Searched, ...] = tuple(map(compiled, patterns))

    def __call__(self, text: str) -> str | None:
        readings = {text, plain(text)} if self._patterns else ()
        return UNWANTED if any(each.search(reading) for each in self._patterns for reading in readings) else None


def operators_checks(settings: WordsSettings) -> tuple[Check, ...]:
    """What the operator does not want in any answer."""
    checks: list[Check] = [ListedWords(settings.blocked), Patterns(settings.patterns)]
    return (*checks, Slurs(settings.allowed)) if settings.block_slurs else tuple(checks)


@lru_cache(maxsize=100)
def listed_words(words: tuple[str, ...]) -> Check:
    """The check for the words of a server."""
    return ListedWords(words)


def _begins(words: Iterable[str], stems: tuple[str, ...]) -> bool:
    return bool(stems) and any(word.startswith(stems) for word in words)


def _bounded(word: str, begins: bool) -> str:
    """The pattern of a word. In scripts without blanks a word has no borders, so it is found inside others."""
    if is_unspaced(word):
        return regex.escape(word)
    return rf"\b{regex.escape(word)}" + (r"\w*" if begins else r"\b")

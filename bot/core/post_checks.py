"""Further checks of posts, besides those of every drawn tweet: no mention, no link, no blocked word.

Knows strings. Does not know where a text comes from.
"""

from collections.abc import Iterable, Sequence

import regex

from bot.core.ai_label import Fits, without_label
from huggingtweets.core.visible import typed
from huggingtweets.generation.checks import (
    Check,
    CopyCheck,
    LeftoverCheck,
    LengthCheck,
    first_objection,
    weighted_length,
)
from huggingtweets.tweets.copies import normalised
from huggingtweets.tweets.words import is_unspaced, terms

MAX_LABEL = 40  # weighted characters
# X also links a bare domain. "end.Then" is refused too, although probably a blank is missing: X would link it if there
# were such a top-level domain.
_LINK = regex.compile(r"https?:|www\.|\b[\p{L}\p{N}-]+\.(?:[\p{L}]{2,})(?=[/\s\p{P}]|$)", regex.IGNORECASE)
_MENTION = regex.compile(r"[@＠]\u200b?\w")
_CASHTAG = regex.compile(r"(?<![\w$])\$[a-z]{1,6}(?:[._][a-z]{1,2})?\b", regex.IGNORECASE)


class Pattern:
    """Refuses a text in which the pattern is found."""

    def __init__(self, pattern: "regex.Pattern[str]", reason: str):
        self._pattern = pattern
        self._reason = reason

    def __call__(self, text: str) -> str | None:
        return self._reason if self._pattern.search(text) else None


class Blocked:
    """Refuses a text with one of the words, in any case and with any accents. `*` at the end stands for any ending."""

    def __init__(self, words: Iterable[str]):
        plain = [(normalised(word.removesuffix("*")), word.endswith("*")) for word in words]
        spelled = [_bounded(word, begins) for word, begins in plain if word]
        self._pattern = regex.compile("|".join(spelled)) if spelled else None

    def __call__(self, text: str) -> str | None:
        return "a blocked word" if self._pattern and self._pattern.search(normalised(text)) else None


def _bounded(word: str, begins: bool) -> str:
    """The pattern of a blocked word. In scripts without blanks a word has no borders, so it is found inside others."""
    if is_unspaced(word):
        return regex.escape(word)
    return rf"\b{regex.escape(word)}" + (r"\w*" if begins else r"\b")


def checks_for(blocked_words: Iterable[str], last_texts: Iterable[str], ai_label: str = "") -> tuple[Check, ...]:
    """All checks of a post without its label, the cheapest first. `last_texts` are the account's last posts."""
    return (
        LeftoverCheck(),
        LengthCheck(),
        Fits(ai_label),
        Pattern(_LINK, "a link"),
        Pattern(_MENTION, "a mention"),
        Pattern(_CASHTAG, "a cashtag"),
        Blocked(blocked_words),
        Repeated(without_label(text, ai_label) for text in last_texts),
    )


def fit_for_a_label(text: str) -> str | None:
    """Why `text` cannot be a label, in a word or two; None if it can. An empty text means no label."""
    checks = (LeftoverCheck(), Pattern(_LINK, "a link"), Pattern(_MENTION, "a mention"), Pattern(_CASHTAG, "a cashtag"))
    if text and (as_post(text) != text or weighted_length(text) > MAX_LABEL):
        return "too long, or with blanks around it"
    return first_objection(checks, text)


class Repeated:
    """Refuses a text that the account has posted already."""

    def __init__(self, texts: Iterable[str]):
        self._copy = CopyCheck(texts)

    def __call__(self, text: str) -> str | None:
        return "what was posted before" if self._copy(text) else None


def objection(checks: Sequence[Check], text: str) -> str | None:
    """Why `text` may not be posted, in a word or two; None if it may."""
    return first_objection(checks, text)


def as_post(text: str) -> str:
    """`text` as people see it, on one line. In this form the checks also find a mention or a link that was defused."""
    return typed(text)


def likeness(text: str, others: Sequence[frozenset[str]]) -> float:
    """The largest share of words, 0 to 1, that `text` has in common with one of `others` (Jaccard's index)."""
    words = words_of(text)
    return max((len(words & other) / len(words | other) for other in others if words | other), default=0.0)


def words_of(text: str) -> frozenset[str]:
    """The set of words of a text."""
    return terms(normalised(text))

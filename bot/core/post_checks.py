"""What a post must pass beyond what every drawn tweet must: nobody called, nothing linked, no word that is blocked.

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
# X links a bare domain, too. "end.Then" is rather a slip than a link, and is refused all the same: X would link it if
# there were such an ending.
_LINK = regex.compile(r"https?:|www\.|\b[\p{L}\p{N}-]+\.(?:[\p{L}]{2,})(?=[/\s\p{P}]|$)", regex.IGNORECASE)
_MENTION = regex.compile(r"[@＠]\u200b?\w")
_CASHTAG = regex.compile(r"(?<![\w$])\$[a-z]{1,6}(?:[._][a-z]{1,2})?\b", regex.IGNORECASE)


class Pattern:
    """None of what the pattern finds."""

    def __init__(self, pattern: "regex.Pattern[str]", reason: str):
        self._pattern = pattern
        self._reason = reason

    def __call__(self, text: str) -> str | None:
        return self._reason if self._pattern.search(text) else None


class Blocked:
    """None of the words, whatever case or accents around; `*` at the end of one stands for any ending."""

    def __init__(self, words: Iterable[str]):
        plain = [(normalised(word.removesuffix("*")), word.endswith("*")) for word in words]
        spelled = [_bounded(word, begins) for word, begins in plain if word]
        self._pattern = regex.compile("|".join(spelled)) if spelled else None

    def __call__(self, text: str) -> str | None:
        return "a blocked word" if self._pattern and self._pattern.search(normalised(text)) else None


def _bounded(word: str, begins: bool) -> str:
    """The pattern of a blocked word. In scripts without blanks a word has no bounds, and is found inside others."""
    if is_unspaced(word):
        return regex.escape(word)
    return rf"\b{regex.escape(word)}" + (r"\w*" if begins else r"\b")


def checks_for(blocked_words: Iterable[str], last_texts: Iterable[str], ai_label: str = "") -> tuple[Check, ...]:
    """All checks of a post without its label, the cheapest first; `last_texts` are what the account has posted."""
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
    """Why no post may end with `text`, in a word or two; an empty one stands for no label."""
    checks = (LeftoverCheck(), Pattern(_LINK, "a link"), Pattern(_MENTION, "a mention"), Pattern(_CASHTAG, "a cashtag"))
    if text and (as_post(text) != text or weighted_length(text) > MAX_LABEL):
        return "too long, or with blanks around it"
    return first_objection(checks, text)


class Repeated:
    """Nothing that the account has posted already."""

    def __init__(self, texts: Iterable[str]):
        self._copy = CopyCheck(texts)

    def __call__(self, text: str) -> str | None:
        return "what was posted before" if self._copy(text) else None


def objection(checks: Sequence[Check], text: str) -> str | None:
    """Why `text` may not be posted, in a word or two."""
    return first_objection(checks, text)


def as_post(text: str) -> str:
    """`text` as it can be seen, on one line; the checks find a mention or a link that was defused, too."""
    return typed(text)


def likeness(text: str, others: Sequence[frozenset[str]]) -> float:
    """How many of its words, 0 to 1, `text` shares with the one of `others` that it is most like (Jaccard's index)."""
    words = words_of(text)
    return max((len(words & other) / len(words | other) for other in others if words | other), default=0.0)


def words_of(text: str) -> frozenset[str]:
    """The different words of a text."""
    return terms(normalised(text))

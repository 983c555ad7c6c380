"""Further checks of posts, besides those of every drawn tweet: no mention, no link, no blocked word.

Knows strings. Does not know where a text comes from.
"""

from collections.abc import Iterable, Sequence

import regex

from bot.core.post_text.ai_label import Fits, without_label
from huggingtweets.core.text.characters import emoji_in
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.checks import (
    Check,
    CopyCheck,
    LeftoverCheck,
    first_objection,
    weighted_length,
)
from huggingtweets.generation.unwanted import ListedWords
from huggingtweets.tweets.texts.copies import normalised
from huggingtweets.tweets.texts.words import terms

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


# What a post may not have, whatever it says.
MARKS = (
    Pattern(_LINK, Phrase("a link")),
    Pattern(_MENTION, Phrase("a mention")),
    Pattern(_CASHTAG, Phrase("a cashtag")),
)


def _not_empty(text: str) -> str | None:
    """Refuses a text without anything that can be read."""
    return None if normalised(text) or emoji_in(text) else Phrase("empty")


def checks_for(
    blocked_words: Iterable[str],
    last_texts: Iterable[str],
    ai_label: str = "",
    unwanted: Sequence[Check] = (),
    fits: Check | None = None,
) -> tuple[Check, ...]:
    """All checks of a post without its label, the cheapest first. `last_texts` are the account's last posts.

    `unwanted` are the checks for words that no answer may have, `blocked_words` the words for posts alone, and `fits`
    says what is short enough; without it, that is one post on X.
    """
    return (
        LeftoverCheck(),
        _not_empty,
        fits or Fits(ai_label),
        *MARKS,
        ListedWords(blocked_words),
        *unwanted,
        Repeated(without_label(text, ai_label) for text in last_texts),
    )


def fit_for_a_label(text: str) -> str | None:
    """Why `text` cannot be a label, in a word or two; None if it can. An empty text means no label."""
    checks = (LeftoverCheck(), *MARKS)
    if text and (as_post(text) != text or weighted_length(text) > MAX_LABEL):
        return Phrase("too long, or with blanks around it")
    return first_objection(checks, text)


class Repeated:
    """Refuses a text that the account has posted already."""

    def __init__(self, texts: Iterable[str]):
        self._copy = CopyCheck(texts)

    def __call__(self, text: str) -> str | None:
        return Phrase("what was posted before") if self._copy(text) else None


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

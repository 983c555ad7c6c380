"""The tweets of a person as a table: searched, filtered, sorted, one page at a time.

Knows judged tweets. Does not know HTTP.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal

from bot.trainings.judged import Fate, JudgedTweet

Show = Literal["all", "learned", "dropped", "struck"]
Sort = Literal["newest", "oldest", "longest", "shortest"]
PAGE = 50  # rows
_UNDATED = datetime.min.replace(tzinfo=UTC)

_SHOWN: dict[Show, Callable[[Fate], bool]] = {
    "all": lambda _: True,
    "learned": lambda fate: fate.is_learned,
    "dropped": lambda fate: fate in (Fate.RETWEET, Fate.SHORT),
    "struck": lambda fate: fate is Fate.STRUCK,
}
_SORTED: dict[Sort, tuple[Callable[[JudgedTweet], Any], bool]] = {
    "newest": (lambda judged: judged.tweet.created_at or _UNDATED, True),
    "oldest": (lambda judged: judged.tweet.created_at or _UNDATED, False),
    "longest": (lambda judged: len(judged.text), True),
    "shortest": (lambda judged: len(judged.text), False),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody wants to see. `words` must all be in a tweet, in any case."""

    words: str = ""
    show: Show = "all"
    sort: Sort = "newest"
    page: int = 1


@dataclass(frozen=True, slots=True)
class TweetTable:
    """One page of the tweets that fit."""

    rows: tuple[JudgedTweet, ...]
    matching: int
    page: int
    pages: int


def table(tweets: Iterable[JudgedTweet], look: Look) -> TweetTable:
    """The page that `look` wants, or the last one."""
    words = look.words.casefold().split()
    fits = _SHOWN[look.show]
    matching = [one for one in tweets if fits(one.fate) and _has(one, words)]
    key, reverse = _SORTED[look.sort]
    matching.sort(key=key, reverse=reverse)
    pages = max(1, ceil(len(matching) / PAGE))
    page = min(max(1, look.page), pages)
    return TweetTable(tuple(matching[(page - 1) * PAGE : page * PAGE]), len(matching), page, pages)


def _has(judged: JudgedTweet, words: list[str]) -> bool:
    text = judged.tweet.text.casefold()
    return all(word in text for word in words)

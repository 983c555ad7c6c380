"""A table of tweets without ids that was corrected and is given again: which of the kept tweets it replaces.

A tweet without an id gets one from its date and words, so a correction makes it look like another tweet.
Knows tweets. Does not know where they are kept.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import time
from difflib import SequenceMatcher

from huggingtweets.core.records import Tweet
from huggingtweets.tweets.kept.derived_ids import is_derived

ALIKE = 0.8  # share of a text that a correction leaves as it is, at least
_MANY_WORDS = 5  # a text of so many words is hardly ever written twice
_MOST_PAIRS = 250_000  # pairs that are compared; a table with more changes is another table


def replaced(stored: Sequence[Tweet], table: Sequence[Tweet]) -> set[str]:
    """The ids of the `stored` tweets of which `table` holds a corrected version.

    A tweet with a corrected date is recognised by its words. A tweet with corrected words is recognised by its date, or
    by the words that are left, but only if most of the table is stored already.
    """
    stored_ids, table_ids = {tweet.id for tweet in stored}, {tweet.id for tweet in table}
    old = [tweet for tweet in stored if is_derived(tweet.id) and tweet.id not in table_ids]
    new = [tweet for tweet in table if is_derived(tweet.id) and tweet.id not in stored_ids]
    if not old or not new:
        return set()
    pairs = _same_words(old, new)
    if 2 * len(stored_ids & table_ids) >= len(table_ids):
        pairs |= _same_moment(*_rest(old, new, pairs))
        pairs |= _alike(*_rest(old, new, pairs))
    return set(pairs)


def _rest(old: Sequence[Tweet], new: Sequence[Tweet], pairs: dict[str, str]) -> tuple[list[Tweet], list[Tweet]]:
    """The tweets that have no partner yet."""
    partners = set(pairs.values())
    return [tweet for tweet in old if tweet.id not in pairs], [tweet for tweet in new if tweet.id not in partners]


def _same_words(old: Sequence[Tweet], new: Sequence[Tweet]) -> dict[str, str]:
    """Tweets with the same words and another date.

    People write short tweets again and again. So a short one only counts if a date is missing, or has its day and month
    swapped.
    """
    by_words: dict[str, list[Tweet]] = {}
    for tweet in new:
        by_words.setdefault(_words(tweet), []).append(tweet)
    pairs: dict[str, str] = {}
    for tweet in old:
        partners = by_words.get(_words(tweet), [])
        is_long = len(tweet.text.split()) >= _MANY_WORDS
        for partner in partners:
            if is_long or _may_be_one(tweet, partner):
                partners.remove(partner)
                pairs[tweet.id] = partner.id
                break
    return pairs


def _may_be_one(old: Tweet, new: Tweet) -> bool:
    one, two = old.created_at, new.created_at
    if one is None or two is None:
        return True
    return (one.year, one.month, one.day, one.time()) == (two.year, two.day, two.month, two.time())


def _same_moment(old: Sequence[Tweet], new: Sequence[Tweet]) -> dict[str, str]:
    """Tweets of the same second or minute, if there is one on each side. A date without a time of day says nothing."""
    there = Counter(tweet.created_at for tweet in (*old, *new))
    at = {tweet.created_at: tweet.id for tweet in new}
    return {
        tweet.id: at[when]
        for tweet in old
        if (when := tweet.created_at) and when.time() != time() and when in at and there[when] == 2
    }


def _alike(old: Sequence[Tweet], new: Sequence[Tweet]) -> dict[str, str]:
    """Tweets of the same day, or without a date, in which most of the text is the same."""
    if len(old) * len(new) > _MOST_PAIRS:
        return {}
    pairs: dict[str, str] = {}
    for tweet in new:
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(tweet.text)
        candidates = [each for each in old if each.id not in pairs and _day(each) == _day(tweet)]
        alike = [(_likeness(matcher, each.text), each.id) for each in candidates]
        likeness, id_ = max(alike, default=(0.0, ""))
        if likeness >= ALIKE:
            pairs[id_] = tweet.id
    return pairs


def _likeness(matcher: SequenceMatcher[str], text: str) -> float:
    matcher.set_seq1(text)
    return matcher.ratio() if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= ALIKE else 0.0


def _day(tweet: Tweet) -> object:
    return tweet.created_at.date() if tweet.created_at else None


def _words(tweet: Tweet) -> str:
    return " ".join(tweet.text.split())

"""The full text of posts longer than 280 characters, which an X archive keeps apart from the tweets.

Knows how X cuts a long post. Does not know files. A note names no tweet, so it belongs to the tweet of the same second
that it continues; by this rule all 41 notes of the archive we measured found theirs, no two the same.
"""

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from huggingtweets.core.records import Tweet

MIN_BEGINNING = 20  # characters; what is left of a cut tweet without its links can be short, less says nothing
MAX_MENTIONS = 50  # that X puts in front of an answer

Place = tuple[datetime, str]
Unclaimed = defaultdict[Place, list["Note"]]

_CUT = "…"
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_MENTION = re.compile(r"@\w+\s+")


@dataclass(frozen=True, slots=True)
class Note:
    """One long post; unlike a tweet's, its `text` is not HTML-escaped."""

    created_at: datetime
    text: str


def with_long_posts(tweets: Iterable[Tweet], notes: Iterable[Note]) -> Iterator[Tweet]:
    """The tweets, those cut off with the text of their note, escaped as a tweet's text is; no note serves twice."""
    unclaimed: Unclaimed = defaultdict(list)
    for note in notes:
        unclaimed[_place(note.created_at, _comparable(note.text))].append(note)
    for tweet in tweets:
        full = _claimed(html.unescape(tweet.text), tweet.created_at, unclaimed) if tweet.created_at else None
        yield tweet if full is None else replace(tweet, text=html.escape(full, quote=False))


def _claimed(short: str, created_at: datetime, unclaimed: Unclaimed) -> str | None:
    """The full text of the tweet `short`, of which a note is used up; None if there is no note for it.

    A tweet that answers begins with the people it goes to, its note only with what was written: they are put back.
    """
    for start in islice(_starts(short), MAX_MENTIONS + 1):
        written = _comparable(short[start:])
        notes = unclaimed.get(_place(created_at, written), [])
        for note in notes:
            if _continues(written, note.text):
                notes.remove(note)
                return short[:start] + note.text
    return None


def _place(created_at: datetime, text: str) -> Place:
    """Where a note is looked for: tweets of the same second are told apart by how they begin."""
    return created_at.replace(microsecond=0), text[:MIN_BEGINNING]


def _starts(short: str) -> Iterator[int]:
    """Where what was written may begin: at once, or after the first, second, ... mention in front."""
    start = 0
    yield start
    while mention := _MENTION.match(short, start):
        start = mention.end()
        yield start


def _continues(written: str, note: str) -> bool:
    whole = _comparable(note)
    if not written.endswith(_CUT):
        return written == whole != ""
    beginning = written.removesuffix(_CUT).rstrip()
    return len(beginning) >= MIN_BEGINNING and whole.startswith(beginning)


def _comparable(text: str) -> str:
    """`text` without its links, since the same link is shortened to another in the note, and without line breaks."""
    return unicodedata.normalize("NFC", " ".join(_URL.sub("", text).split()))

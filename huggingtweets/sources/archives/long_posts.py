"""The full text of posts longer than 280 characters, which an X archive keeps apart from the tweets, as notes.

A note does not say to which tweet it belongs. It belongs to the tweet of the same second that it continues. By this
rule, each of the 41 notes in the archive we measured found its tweet, and no two found the same.
Knows how X cuts a long post. Does not know files.
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

MIN_BEGINNING = 20  # characters; a cut tweet without its links can be short, but less than this proves nothing
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
    """The tweets; those that were cut get the text of their note, escaped as X does. Each note is used once."""
    unclaimed: Unclaimed = defaultdict(list)
    for note in notes:
        unclaimed[_place(note.created_at, _comparable(note.text))].append(note)
    for tweet in tweets:
        full = _claimed(html.unescape(tweet.text), tweet.created_at, unclaimed) if tweet.created_at else None
        yield tweet if full is None else replace(tweet, text=html.escape(full, quote=False))


def _claimed(short: str, created_at: datetime, unclaimed: Unclaimed) -> str | None:
    """The full text of the tweet `short`, or None if there is no note for it. The note is then used up.

    A reply begins with the mentions of the people whom it answers. Its note does not, so they are put in front again.
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
    """The key to look for a note by: the second, and the beginning of the text."""
    return created_at.replace(microsecond=0), text[:MIN_BEGINNING]


def _starts(short: str) -> Iterator[int]:
    """The places where the person's own words may begin: at 0, or after the first, second, ... mention."""
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
    """`text` without line breaks, and without links, because X shortens the same link differently in a note."""
    return unicodedata.normalize("NFC", " ".join(_URL.sub("", text).split()))

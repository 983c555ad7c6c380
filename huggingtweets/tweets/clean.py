"""A tweet becomes the text to learn from, or the reason why not.

Knows what a reader of tweets sees: entities resolved, links, marks of training texts and invisible characters gone, one
line. Does not know where tweets come from (its source says what is a retweet), nor what is done with the text.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum

from huggingtweets.core.records import JSON, Counts, Tweet
from huggingtweets.core.whole_text import whole
from huggingtweets.tweets import words

MIN_CONTENT_WORDS = 3
END_OF_TEXT = "<|endoftext|>"  # GPT-2's only special token: it parts tweets, so no tweet may contain it
# What training texts for GPT-2 put around each text, in the spellings of the tools that write them.
BORDER = re.compile(r"<\|(?:start|begin|end)_?of_?text\|>", re.IGNORECASE)

# Only entities that are closed, as X's are: `html.unescape` alone would make a typed "me&not you" a "me¬ you".
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});")
# Control characters but for white space, lone surrogates, byte order marks, and marks that turn the direction of text.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\u202a-\u202e\u2066-\u2069]")
# Scrapers glue the address of a picture to the word before it, and leave out the https.
_URL = re.compile(
    r"\s?(?:https?://\s(?=[\w-]+\.\S)\S+|https?:\S+|https?…\S*|\b[a-z]{2,10}://\S+"
    r"|pic\.(?:twitter|x)\.com\S*|(?:www\.|mobile\.)?(?:twitter|\bx)\.com/\S*|\bt\.co/\S+)",
    re.IGNORECASE,
)
# An address without https: it begins with www, or goes on after an ending that addresses have.
_ENDINGS = (
    "com|org|net|gov|edu|info|io|ly|co|be|me|gl|gd|it|am|tv|in|ba|mp|cc|to|ms|us|uk|eu|de|fr|es|nl|at|ch|jp|ca|au"
)
_BARE = re.compile(rf"\s?(?<![\w@.-])(?:www\.\S+|(?:[a-z\d-]+\.)+(?:{_ENDINGS})/\S+)", re.IGNORECASE)
_TAG = re.compile(r"[@＠#＃].*")
# What Discord writes for people, channels, moments and its own emoji: ids, and nobody's words.
_DISCORD_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_DISCORD_ID = re.compile(r"<(?:(?:@[!&]?|#|/[^:<>]+:)\d+|(?:t|id):[\w:-]+)>")
_NO_CONTENT = ("http", "@", "#")


class Dropped(Enum):
    """Why a tweet is not learned from."""

    RETWEET = "retweet"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Kept:
    """A tweet worth learning from; `text` is clean."""

    id: str
    created_at: datetime | None
    text: str
    is_reply: bool

    def as_json(self) -> JSON:
        return {**asdict(self), "created_at": self.created_at.isoformat() if self.created_at else None}

    @classmethod
    def from_json(cls, row: JSON) -> "Kept":
        written = row["created_at"]
        return cls(row["id"], datetime.fromisoformat(written) if written else None, row["text"], row["is_reply"])


def clean(text: str) -> str:
    """The raw `text` of a tweet as its reader sees it, on one line and without links."""
    text = _INVISIBLE.sub("", unescaped(whole(text)))
    # A blank, not nothing, takes the mark's place: what stands around it can never close up to a new one.
    text = _DISCORD_ID.sub(" ", _DISCORD_EMOJI.sub(r"\1", BORDER.sub(" ", text)))
    return " ".join(_BARE.sub("", _URL.sub("", text)).split())


def links_in(text: str) -> int:
    """How many links `text` holds, in any of the forms that cleaning removes."""
    return len(_URL.findall(text)) + len(_BARE.findall(_URL.sub("", text)))


def unescaped(text: str) -> str:
    """`text` with its HTML entities resolved, exactly once: `&amp;lt;` is a typed `&lt;`."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def content_words(text: str) -> int:
    """How many words of `text` are neither mention, hashtag nor link."""
    return sum(map(_content_words, text.lower().split()))


def _content_words(piece: str) -> int:
    """The same for what stands between two blanks, which is one word but for scripts without blanks."""
    if words.is_unspaced(piece):
        piece = _TAG.sub("", piece)
        return words.count(piece) if words.is_unspaced(piece) else 0
    return int(not any(mark in piece for mark in _NO_CONTENT))


def keep(tweet: Tweet) -> str | Dropped:
    """The text to learn from, or why there is none."""
    if tweet.is_retweet:
        return Dropped.RETWEET
    text = clean(tweet.text)
    return text if content_words(text) >= MIN_CONTENT_WORDS else Dropped.SHORT


def clean_all(tweets: Iterable[Tweet]) -> tuple[list[Kept], Counts]:
    """What is kept of `tweets`, in their order, and what became of the rest."""
    kept: list[Kept] = []
    dropped: Counter[Dropped] = Counter()
    for tweet in tweets:
        verdict = keep(tweet)
        if isinstance(verdict, Dropped):
            dropped[verdict] += 1
        else:
            kept.append(Kept(tweet.id, tweet.created_at, verdict, tweet.is_reply))
    retweets, short = dropped[Dropped.RETWEET], dropped[Dropped.SHORT]
    return kept, Counts(downloaded=len(kept) + retweets + short, retweets=retweets, short=short)

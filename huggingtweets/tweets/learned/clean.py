"""A tweet becomes a text to learn from, or a reason why it does not.

Knows what a reader of tweets sees: one line, with entities resolved, and without links, marks of training texts and
invisible characters. Does not know where tweets come from (their source says which are retweets), or what is done with
the text.
"""

import html
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache

from huggingtweets.core.errors import Usage
from huggingtweets.core.records import JSON, Counts, Tweet
from huggingtweets.core.text.characters import BORDER_WORD
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import written
from huggingtweets.core.text.whole_text import whole
from huggingtweets.tweets.kept.choices import NO_CHOICES, Choices
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS, Threads, bounded, names_in, without_people
from huggingtweets.tweets.texts import words
from huggingtweets.tweets.texts.contacts import without_contacts

MIN_CONTENT_WORDS = 3
# What training texts for GPT-2 put around each text, in the spellings of the tools that write them.
BORDER = re.compile(rf"<\|{BORDER_WORD}\|>", re.IGNORECASE)

# Only entities that end with a semicolon, as X's do: `html.unescape` alone makes "me¬ you" of a typed "me&not you".
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});")
# Scrapers write the address of a picture right after the word before it, and leave out the https.
_URL = re.compile(
    r"\s?(?:https?://\s(?=[\w-]+\.\S)\S+|https?:\S+|https?…\S*|\b[a-z]{2,10}://\S+"
    r"|pic\.(?:twitter|x)\.com\S*|(?:www\.|mobile\.)?(?:twitter|\bx)\.com/\S*|\bt\.co/\S+)",
    re.IGNORECASE,
)
# An address without https begins with www, or has an ending such as .com and a path after it.
_ENDINGS = (
    "com|org|net|gov|edu|info|io|ly|co|be|me|gl|gd|it|am|tv|in|ba|mp|cc|to|ms|us|uk|eu|de|fr|es|nl|at|ch|jp|ca|au"
)
_BARE = re.compile(rf"\s?(?<![\w@.-])(?:www\.\S+|(?:[a-z\d-]+\.)+(?:{_ENDINGS})/\S+)", re.IGNORECASE)
_TAG = re.compile(r"[@＠#＃].*")
# Discord writes people, channels, moments and its own emoji as ids, which nobody typed.
_DISCORD_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_DISCORD_ID = re.compile(r"<(?:(?:@[!&]?|#|/[^:<>]+:)\d+|(?:t|id):[\w:-]+)>")
_NO_CONTENT = ("http", "@", "#")


class Dropped(Enum):
    """Why a tweet is not learned from."""

    RETWEET = "retweet"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Kept:
    """A tweet to learn from. `text` is clean.

    `context` is what was said before, if the tweet is a reply and that is known. `said_by` is who else wrote in it.
    """

    id: str
    created_at: datetime | None
    text: str
    is_reply: bool
    context: str = ""
    said_by: str = ""

    def as_json(self) -> JSON:
        return {**asdict(self), "created_at": self.created_at.isoformat() if self.created_at else None}

    @classmethod
    def from_json(cls, row: JSON) -> "Kept":
        written = row["created_at"]
        return cls(
            row["id"],
            datetime.fromisoformat(written) if written else None,
            row["text"],
            row["is_reply"],
            row.get("context", ""),
            row.get("said_by", ""),
        )


def clean(text: str) -> str:
    """The raw `text` of a tweet as a reader sees it, on one line and without links."""
    text = written(unescaped(whole(text)))
    # A mark becomes a blank, so that the characters around it cannot form a new mark.
    text = _DISCORD_ID.sub(" ", _DISCORD_EMOJI.sub(r"\1", BORDER.sub(" ", text)))
    return " ".join(_BARE.sub("", _URL.sub("", text)).split())


def as_context(texts: Sequence[str], names: Collection[str] = (), around: Collection[str] = ()) -> str:
    """What was said in the raw `texts`, the oldest first, as a voice reads it: clean and without people's `names`.

    Whoever is named by a handle in one of them is named in none. People `around` neither wrote nor are mentioned.
    """
    texts = [clean(text) for text in texts]
    names = {*names, *map(_as_cleaned, names), *names_in(texts)}
    around = {*around, *map(_as_cleaned, around)}
    return bounded([without_people(text, names, around) for text in texts])


@lru_cache(maxsize=10_000)
def _as_cleaned(name: str) -> str:
    """What is left of somebody's name in a clean text: without marks, links and handles."""
    return without_people(clean(html.escape(name, quote=False)))


def as_typed_context(lines: Sequence[str], names: Collection[str] = (), around: Collection[str] = ()) -> str:
    """The same for `lines` that people have typed, which have no entities: `&lt;` stands for itself."""
    return as_context([html.escape(line, quote=False) for line in lines], names, around)


def what_to_answer(text: str) -> str:
    """What somebody has typed to be answered, as a context. It may have several lines, the oldest first.

    Raises `Usage` if it is longer than a context may be: whoever types it can choose what to leave out.
    """
    if len(text) > MAX_CHARACTERS:
        raise Usage(
            Phrase("What I answer may have {most} characters, yours has {count}.", most=MAX_CHARACTERS, count=len(text))
        )
    return as_typed_context(text.splitlines())


def links_in(text: str) -> int:
    """The number of links in `text`, in all the forms that cleaning removes."""
    return len(_URL.findall(text)) + len(_BARE.findall(_URL.sub("", text)))


def unescaped(text: str) -> str:
    """`text` with its HTML entities resolved once: somebody who typed `&lt;` is given by X as `&amp;lt;`."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def content_words(text: str) -> int:
    """The number of words of `text` that are not mentions, hashtags or links."""
    return sum(map(_content_words, text.lower().split()))


def _content_words(piece: str) -> int:
    """The same for a piece between two blanks. It is one word, except in scripts that write no blanks."""
    if words.is_unspaced(piece):
        piece = _TAG.sub("", piece)
        return words.count(piece) if words.is_unspaced(piece) else 0
    return int(not any(mark in piece for mark in _NO_CONTENT))


def keep(tweet: Tweet, choices: Choices = NO_CHOICES) -> str | Dropped:
    """The text to learn from, or the reason why there is none."""
    wanted = tweet.id in choices.kept
    if tweet.is_retweet and not wanted:
        return Dropped.RETWEET
    text = cleaned(tweet.text, choices)
    return text if content_words(text) >= (1 if wanted else MIN_CONTENT_WORDS) else Dropped.SHORT


def cleaned(text: str, choices: Choices) -> str:
    """The raw `text` of a tweet as it is learned."""
    text = clean(text)
    return without_contacts(text) if choices.hide_contacts else text


def clean_all(
    tweets: Iterable[Tweet], choices: Choices = NO_CHOICES, names: Collection[str] = ()
) -> tuple[list[Kept], Counts]:
    """The tweets to learn from, in their order, and counts of what became of all `tweets`.

    Tweets that somebody has struck out are not counted. Contexts have none of `names`, and not the names of the people
    whom a tweet mentions or answers.
    """
    tweets = [tweet for tweet in tweets if tweet.id not in choices.struck]
    threads = Threads(tweets)
    learnable: list[Kept] = []
    dropped: Counter[Dropped] = Counter()
    for tweet in tweets:
        verdict = keep(tweet, choices)
        if isinstance(verdict, Dropped):
            dropped[verdict] += 1
        else:
            before, said_by = threads.before(tweet)
            said = [cleaned(text, choices) for text in before] if choices.hide_contacts else before
            context = as_context(said, {*names, *names_in([tweet.text, said_by])})
            learnable.append(Kept(tweet.id, tweet.created_at, verdict, tweet.is_reply, context, said_by))
    retweets, short = dropped[Dropped.RETWEET], dropped[Dropped.SHORT]
    return learnable, Counts(downloaded=len(learnable) + retweets + short, retweets=retweets, short=short)

"""The same few facts, written in every export's own way: yes or no, retweeted, by whom.

Knows how they are written. Does not know which column they stand in, nor what a broken file is: what cannot be
understood is unknown.
"""

import html
import re

from huggingtweets.core.records import Account

_HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # X's, and Bluesky's, which are host names
# RT @ann: ..., with its old spellings, MT (a modified tweet), and a quotation with its author in front: "@ann: ...
_LONGEST_NAME, _LONGEST_URL = 200, 2_000  # characters; X takes 50 for a name
_RETWEET = re.compile(
    r"""[^\w@＠#]*(?:(?:RT|(?-i:MT))(?: by)?\s*:?\s*[@＠]\w|(?<=["“”„«'‘])\s*[@＠]\w+\s*:)""", re.IGNORECASE
)
_BEGINNING = 200  # characters; a retweet is told by fewer
_YES = frozenset({"true", "1", "1.0", "yes", "y", "t"})


def yes(written: object) -> bool:
    """Whether a flag is set; a missing one is not."""
    return isinstance(written, str | int | float) and str(written).strip().lower() in _YES


def reads_as_retweet(text: str) -> bool:
    """Whether `text` begins as X or people write a retweet: all that archives and old dumps tell."""
    return _RETWEET.match(html.unescape(text[:_BEGINNING])) is not None


def account(handle: object, display_name: object = "", avatar_url: object = "", site: str = "") -> Account | None:
    """Whom these name; nobody if the handle is none: it becomes the name of a model and of its folder."""
    bare = str(handle).strip().removeprefix("@") if isinstance(handle, str) else ""
    if not _HANDLE.fullmatch(bare):
        return None
    return Account(bare, " ".join(_text(display_name)[:_LONGEST_NAME].split()), _text(avatar_url)[:_LONGEST_URL], site)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""

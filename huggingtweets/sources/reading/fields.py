"""A few facts that every export writes in its own way: yes or no, retweeted or not, by whom.

Knows how they are written. What cannot be understood counts as unknown. Does not know in which column they stand.
"""

import html
import re
from collections.abc import Mapping

from huggingtweets.core.people.names import without_at
from huggingtweets.core.records import Account

_HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # X's, and Bluesky's, which are host names
# RT @ann: ..., with its old spellings, MT (a modified tweet), and a quotation with its author in front: "@ann: ...
_LONGEST_NAME, _LONGEST_URL = 200, 2_000  # characters; X takes 50 for a name
_RETWEET = re.compile(
    r"""[^\w@＠#]*(?:(?:RT|(?-i:MT))(?: by)?\s*:?\s*[@＠]\w|(?<=["“”„«'‘])\s*[@＠]\w+\s*:)""", re.IGNORECASE
)
_REPLIED_TO = ("in_reply_to_status_id_str", "in_reply_to_status_id")
_BEGINNING = 200  # characters; a retweet is told by fewer
_YES = frozenset({"true", "1", "1.0", "yes", "y", "t"})


def yes(written: object) -> bool:
    """Returns True if a flag is set. A missing flag is not set."""
    return isinstance(written, str | int | float) and str(written).strip().lower() in _YES


def reads_as_retweet(text: str) -> bool:
    """Returns True if `text` begins like a retweet. Archives and old dumps mark retweets in no other way."""
    return _RETWEET.match(html.unescape(text[:_BEGINNING])) is not None


def reply_to(record: Mapping[str, object]) -> str:
    """The id of the tweet that a record of X's answers; empty if it answers none."""
    written = next((record[key] for key in _REPLIED_TO if record.get(key)), "")
    return str(written) if isinstance(written, str | int) else ""


def account(handle: object, display_name: object = "", avatar_url: object = "", site: str = "") -> Account | None:
    """The account with this handle, which becomes the name of a folder. None if it does not look like a handle."""
    bare = without_at(handle) if isinstance(handle, str) else ""
    if not _HANDLE.fullmatch(bare):
        return None
    return Account(bare, " ".join(_text(display_name)[:_LONGEST_NAME].split()), _text(avatar_url)[:_LONGEST_URL], site)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""

"""A row of a table as a tweet: which of the columns people's exports have means what.

Knows their names and what stands in them. Does not know how the table is written, nor what it is called. A column it
has no name for is ignored; a date it cannot read is an unknown date.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from huggingtweets.records import Account, Tweet
from huggingtweets.sources import fields

Row = dict[str, object]

# Names as `folded` writes them, the best first.
_TEXT = ("fulltext", "text", "tweet", "tweettext", "content", "rawcontent")
_ID = ("idstr", "id", "tweetid", "statusid")
_LINK = ("url", "link", "permalink", "tweeturl")
_WHEN = ("createdat", "timestamp", "datetime")
_RETWEET_FLAG = ("isretweet", "retweet", "retweeted")
_RETWEETED = ("retweetedstatus", "retweetedstatusid", "retweetid")
_REPLIED_TO = (
    "inreplytostatusidstr",
    "inreplytostatusid",
    "inreplytouseridstr",
    "inreplytouserid",
    "inreplytoscreenname",
)
_LANG = ("lang", "language")
_HANDLE = ("screenname", "username", "handle", "user", "author", "account")
_PERSON = ("user", "author", "account")  # in JSON, these may be an object with columns of its own
_USER_ID = ("userid", "authorid")
_NAME = ("name", "displayname")
_AVATAR = ("profileimageurlhttps", "profileimageurl")

_STATUS = re.compile(r"/status(?:es)?/(\d+)")
# What a spreadsheet makes of an id, 1.14792E+18: many tweets would share one.
_ROUNDED_ID = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_NOTHING = frozenset({"", "none", "null", "nan", "[]", "{}", "false", "0"})
_ANSWERED = re.compile(r"""['"](?:username|screen_name)['"]:\s*['"](\w+)""")


def folded(name: str) -> str:
    """`created_at`, `createdAt` and `Created at` are one column."""
    return "".join(character for character in name.lower() if character.isalnum())


def keyed(item: Mapping[str, object]) -> Row:
    """`item` under the names that this module asks for."""
    return {folded(name): value for name, value in item.items()}


def has_text(names: list[str]) -> bool:
    """Whether a table with these columns holds texts."""
    return any(folded(name) in _TEXT for name in names)


class Tweets:
    """The tweets of one table, unique by id: a later row wins, as in all sources."""

    def __init__(self) -> None:
        self._by_id: dict[str, Tweet] = {}
        self._seen: Counter[tuple[datetime | None, str]] = Counter()

    def all(self) -> tuple[Tweet, ...]:
        return tuple(self._by_id.values())

    def add(self, row: Row) -> Tweet | None:
        """The tweet in `row`, which is none without a text."""
        text = next((value for name in _TEXT if isinstance(value := row.get(name), str)), None)
        if text is None:
            return None
        created_at = _written_at(row)
        lang = _first(row, _LANG)
        tweet = Tweet(
            id=_id(row) or self._derived_id(created_at, text),
            text=text,
            created_at=created_at,
            is_retweet=_is_retweet(row, text),
            is_reply=_is_reply(row, text),
            lang=lang if isinstance(lang, str) else None,
        )
        self._by_id[tweet.id] = tweet
        return tweet

    def _derived_id(self, created_at: datetime | None, text: str) -> str:
        """The same for the same tweet whenever the file is read, but another for each repeat inside the file."""
        self._seen[created_at, text] += 1
        facts = f"{created_at.isoformat() if created_at else ''}\n{text}\n{self._seen[created_at, text]}"
        return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Authors:
    """Who wrote the rows, retweets aside: some exports name there the one who was retweeted."""

    def __init__(self) -> None:
        self._handles: dict[str, str] = {}
        self._user_ids: dict[str, str] = {}
        self._names: Counter[str] = Counter()
        self._avatars: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Note who wrote `row`, as far as it says."""
        person = next((keyed(user) for name in _PERSON if isinstance(user := row.get(name), dict)), row)
        if handle := _said(person, _HANDLE).removeprefix("@"):
            self._handles.setdefault(handle.casefold(), handle)
        if user_id := _said(person, _USER_ID):
            self._user_ids.setdefault(user_id, user_id)
        self._names.update(filter(None, [_said(person, _NAME)]))
        self._avatars.update(filter(None, [_said(person, _AVATAR)]))

    def all(self) -> list[str]:
        """Everybody who wrote a row, by handle, else by number, else by name: who has a handle may change the name."""
        told = next(filter(None, (self._handles, self._user_ids)), None)
        return list(told.values()) if told else list(self._names)

    def account(self) -> Account | None:
        """The one author, where the table names a handle."""
        handle = next(iter(self._handles.values()), "")
        return fields.account(handle, _commonest(self._names), _commonest(self._avatars))


def _commonest(counted: Counter[str]) -> str:
    return next((value for value, _ in counted.most_common(1)), "")


def _first(row: Row, names: tuple[str, ...]) -> object:
    """The first of these columns that says something."""
    return next((value for name in names if name in row and _says(value := row[name])), None)


def _said(row: Row, names: tuple[str, ...]) -> str:
    value = _first(row, names)
    return str(value).strip() if isinstance(value, str | int) else ""


def _says(value: object) -> bool:
    """Whether a cell holds anything; exports write nothing in many ways."""
    return bool(value) if isinstance(value, dict | list) else str(value).strip().lower() not in _NOTHING


def _id(row: Row) -> str | None:
    """The id that the row gives, or that its link ends in."""
    for name in _ID:
        value = row.get(name)
        written = str(value).strip() if isinstance(value, str | int) else ""
        if _says(written) and not _ROUNDED_ID.fullmatch(written):
            return written
    link = _STATUS.search(_said(row, _LINK))
    return link[1] if link else None


def _written_at(row: Row) -> datetime | None:
    """When it was written; the day and the time of day may be two columns."""
    day, clock = _said(row, ("date",)), _said(row, ("time",))
    written = (*(row.get(name) for name in _WHEN), f"{day} {clock}".strip(), day)
    return next((moment for value in written if (moment := fields.moment(value))), None)


def _is_retweet(row: Row, text: str) -> bool:
    flagged = any(fields.yes(row.get(name)) for name in _RETWEET_FLAG)
    return flagged or _first(row, _RETWEETED) is not None or fields.reads_as_retweet(text)


def _is_reply(row: Row, text: str) -> bool:
    """By the best column there is for it; without any, as a reader would guess."""
    if "isreply" in row:
        return fields.yes(row["isreply"])
    if any(name in row for name in _REPLIED_TO):
        return _first(row, _REPLIED_TO) is not None
    if conversation := _said(row, ("conversationid",)):
        return conversation != _id(row)
    if "replyto" in row:
        return _replies_to_others(row)
    return text.startswith("@")


def _replies_to_others(row: Row) -> bool:
    """Twint lists in `reply_to` the author first, and then whom the tweet answers."""
    value = row["replyto"]
    people = _ANSWERED.findall(value) if isinstance(value, str) else _listed(value)
    author = _said(row, _HANDLE).casefold()
    return any(person.casefold() != author for person in people) if people else _says(value)


def _listed(value: object) -> list[str]:
    people = [keyed(person) for person in value if isinstance(person, dict)] if isinstance(value, list) else []
    return [_said(person, _HANDLE) for person in people]

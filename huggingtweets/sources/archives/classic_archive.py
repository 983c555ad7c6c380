"""The archive that Twitter gave from 2012 to 2018: a script for each month in `data/js/tweets`, and `user_details.js`.

Knows these scripts: in a zip, in a folder, or a single one. The `tweets.csv` beside them holds the same as a table.
Does not know which texts are worth learning.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.files import (
    BROKEN_TWEET,
    GET_AGAIN,
    GIVE_ACCEPTED,
    NO_TWEETS,
    OF_ACCOUNT_WITH_TWEETS,
    ONE_BY_ONE,
    OWNER_UNREADABLE,
    SEVERAL_ARCHIVES,
    opened,
)
from huggingtweets.sources.reading.json_array import items
from huggingtweets.sources.reading.members import ArchiveMembers

_MONTH = re.compile(r"((?:[^/]+/)?)data/js/tweets/\d{4}_\d\d\.js")
_BEGINNING = re.compile(r"\s*Grailbird\.data\.tweets_\w+\s*=\s*")
_DETAILS = re.compile(r"\s*var\s+user_details\s*=\s*")
_LONGEST_BEGINNING = 200
FORM = "a Twitter archive of 2012 to 2018"
_MAX_DETAILS = 1 << 16  # characters; it has a dozen short values
_REPLIES = ("in_reply_to_status_id_str", "in_reply_to_status_id", "in_reply_to_user_id_str", "in_reply_to_user_id")


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such an archive."""
    return any(_MONTH.fullmatch(name) for name in names)


def is_script(head: str) -> bool:
    """Returns True if a file that begins with `head` is the script of a month."""
    return _BEGINNING.match(head) is not None


def read(members: ArchiveMembers) -> Collected:
    """The tweets of the archive, and whose they are."""
    months = [match for name in members.names() if (match := _MONTH.fullmatch(name))]
    homes = sorted({match[1] for match in months})
    if len(homes) > 1:
        raise BadSource(members.path, SEVERAL_ARCHIVES, ONE_BY_ONE)
    tweets: dict[str, Tweet] = {}
    for match in months:
        with members.text(match[0]) as text:
            tweets |= {tweet.id: tweet for tweet in _tweets(members.path, f"its {match[0]}", text)}
    return _collected(members.path, _account(members, f"{homes[0]}data/js/user_details.js"), tweets, complete=True)


def read_script(path: Path) -> Collected:
    """The tweets of a single month, which does not say whose they are."""
    with opened(path) as text:
        tweets = {tweet.id: tweet for tweet in _tweets(path, "the file", text)}
    return _collected(path, None, tweets, complete=False)


def _collected(path: Path, account: Account | None, tweets: dict[str, Tweet], complete: bool) -> Collected:
    if not tweets:
        raise BadSource(path, NO_TWEETS, OF_ACCOUNT_WITH_TWEETS)
    return Collected(account, tuple(tweets.values()), complete, form=FORM)


def _tweets(path: Path, what: str, text: TextIO) -> Iterator[Tweet]:
    begun = text.read(_LONGEST_BEGINNING)
    beginning = _BEGINNING.match(begun)
    if not beginning:
        why = f"{what} is not of a Twitter archive (no Grailbird.data at its start)"
        raise BadSource(path, why, GIVE_ACCEPTED, told=Phrase("it is not what Twitter put into an archive"))
    for line, record in items(text, begun[beginning.end() :]):
        tweet = _tweet(record) if isinstance(record, dict) else None
        if tweet is None:
            why = f"line {line} of {what.removeprefix('its ')} holds a tweet without id or text"
            raise BadSource(path, why, GIVE_ACCEPTED, told=BROKEN_TWEET)
        yield tweet


def _tweet(record: dict[str, object]) -> Tweet | None:
    id_, text = record.get("id_str") or record.get("id"), record.get("text")
    if not isinstance(id_, str | int) or not isinstance(text, str):
        return None
    return Tweet(
        id=str(id_),
        text=text,
        created_at=dates.moment(record.get("created_at")),
        is_retweet=bool(record.get("retweeted_status")) or fields.reads_as_retweet(text),
        is_reply=any(record.get(key) for key in _REPLIES),
        reply_to=fields.reply_to(record),
    )


def _account(members: ArchiveMembers, name: str) -> Account | None:
    """Whose archive it is, or None if somebody has taken out the script that says so."""
    if name not in members.names():
        return None
    with members.text(name) as text:
        written = text.read(_MAX_DETAILS)
    begun = _DETAILS.match(written)
    try:
        details = json.loads(written[begun.end() :].strip().removesuffix(";")) if begun else None
    except (ValueError, RecursionError):
        details = None
    if not isinstance(details, dict):
        why = f"its {name} cannot be read, so nobody knows whose it is"
        raise BadSource(members.path, why, GET_AGAIN, told=OWNER_UNREADABLE)
    return fields.account(details.get("screen_name"), details.get("full_name"), "", "x")

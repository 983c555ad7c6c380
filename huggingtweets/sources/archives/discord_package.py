"""The package of somebody's data that Discord gives: a folder for each channel, with what the person wrote there.

Knows `messages/c123/messages.csv` or `.json`, its `channel.json`, and `account/user.json`. Direct messages, groups and
private threads are private, so they are never read. A channel that does not say what it is, or is of a kind that is not
known here, counts as private. Does not know which texts are worth learning.
"""

import csv
import html
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.files import BROKEN_TABLE, GET_AGAIN, lines, shown
from huggingtweets.sources.reading.json_array import items
from huggingtweets.sources.reading.members import UNLIKE_ARCHIVES, ArchiveMembers
from huggingtweets.tweets.kept.derived_ids import DerivedIds

SITE = "discord"
FORM = "a data package of Discord"
_MESSAGES = re.compile(r"((?:[^/]+/)?)[^/]+/c?\d+/messages\.(csv|json)")
_ID = re.compile(r"\d{1,20}")  # a spreadsheet makes 9.3E+17 of it, which is the same for many messages
MAX_FACTS = 1 << 25  # characters of a file about a channel or the person; real ones have some thousands
# Discord's kinds of channels that a whole server may read, by number until 2023 and by name since. Other kinds are
# private: direct messages, groups, private threads, and whatever Discord invents.
_OF_SERVERS = re.compile(
    r"0|2|5|10|11|13|15|16|guild_(text|voice|stage_voice|announcement|news|forum|media)"
    r"|(guild_)?(announcement|news|public)_thread"
)


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such a package."""
    return any(_MESSAGES.fullmatch(name) for name in names)


def read(members: ArchiveMembers) -> Collected:
    """What the person wrote in the channels of servers."""
    names = members.names()
    channels = [match for name in names if (match := _MESSAGES.fullmatch(name))]
    user = _user(members, names, channels[0][1])
    source = f"{SITE}:{_plain_id(user.get('id'))}"
    every = frozenset(names)
    public = [match for match in channels if _is_for_all(members, every, match[0])]
    tweets: dict[str, Tweet] = {}
    derived = DerivedIds()
    for match in public:
        for message in _messages(members, match[0], match[2]):
            if message.text.strip():
                text, written_at = html.escape(message.text, quote=False), dates.moment(message.written_at)
                id_ = message.id or derived.next(written_at, text)
                tweets[id_] = Tweet(id_, text, written_at, source=source)
    private = len(channels) - len(public)
    if not tweets:
        why = Phrase(
            "it holds no messages in channels of servers ({channels} channels, {public} of them public)",
            channels=len(channels),
            public=len(public),
        )
        mend = Phrase("direct messages are private and not read; give another file")
        raise BadSource(members.path, why, mend)
    return Collected(
        _account(user),
        tuple(tweets.values()),
        form=FORM,
        notes=(Phrase("{count:,} of its channels are private and were not read.", count=private),) if private else (),
    )


@dataclass(frozen=True, slots=True)
class _Message:
    """One message as the package writes it. Its id is empty if a program has damaged it."""

    id: str
    text: str
    written_at: object


def _messages(members: ArchiveMembers, name: str, form: str) -> Iterator[_Message]:
    with members.text(name) as text:
        rows = _rows(members, name, text) if form == "csv" else (item for _, item in items(text))
        for row in rows:
            facts = row if isinstance(row, Mapping) else {}
            id_, contents = facts.get("ID"), facts.get("Contents")
            if not isinstance(id_, str | int) or not isinstance(contents, str):
                why = f"its {shown(name)} holds a message without ID or Contents"
                raise BadSource(members.path, why, GET_AGAIN, told=Phrase("one of the messages in it is damaged"))
            yield _Message(_plain_id(id_), contents, facts.get("Timestamp"))


def _rows(members: ArchiveMembers, name: str, text: TextIO) -> Iterator[object]:
    try:
        yield from csv.DictReader(line for _, line in lines(text, members.path))
    except csv.Error as error:
        why = f"its {shown(name)} is no whole CSV ({error})"
        raise BadSource(members.path, why, GET_AGAIN, told=BROKEN_TABLE) from error


def _plain_id(id_: object) -> str:
    return str(id_) if _ID.fullmatch(str(id_)[:21]) else ""


def _is_for_all(members: ArchiveMembers, names: Collection[str], name: str) -> bool:
    """Returns True if the messages in `name` were written in a channel of a server."""
    beside = name.rpartition("/")[0] + "/channel.json"
    facts = _json(members, beside) if beside in names else {}
    return bool(_OF_SERVERS.fullmatch(str(facts.get("type")).lower())) and "recipients" not in facts


def _user(members: ArchiveMembers, names: Iterable[str], home: str) -> Mapping[str, object]:
    user_files = [name for name in names if re.fullmatch(rf"{re.escape(home)}[^/]+/user\.json", name)]
    return _json(members, user_files[0]) if user_files else {}


def _account(user: Mapping[str, object]) -> Account | None:
    return fields.account(user.get("username"), user.get("global_name") or user.get("username"), "", SITE)


def _json(members: ArchiveMembers, name: str) -> Mapping[str, object]:
    with members.text(name) as text:
        content = text.read(MAX_FACTS + 1)
        if len(content) > MAX_FACTS:
            why = f"its {shown(name)} is far larger than Discord makes it"
            raise BadSource(members.path, why, GET_AGAIN, told=UNLIKE_ARCHIVES)
        try:
            facts = json.loads(content)
        except (ValueError, RecursionError) as error:
            why, told = f"its {shown(name)} is broken", Phrase("a file in it is damaged")
            raise BadSource(members.path, why, GET_AGAIN, told=told) from error
    return facts if isinstance(facts, dict) else {}

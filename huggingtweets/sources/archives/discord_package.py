"""The package of somebody's data that Discord gives: a folder for each channel, with what the person wrote there.

Knows `messages/c123/messages.csv` or `.json`, its `channel.json`, and `account/user.json`. Direct messages, groups and
private threads are private, so they are never read. A channel that does not say what it is counts as private. Does not
know which texts are worth learning.
"""

import csv
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from huggingtweets.core import dates
from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.files import shown
from huggingtweets.sources.reading.json_array import items
from huggingtweets.sources.reading.members import ArchiveMembers

SITE = "discord"
_MESSAGES = re.compile(r"((?:[^/]+/)?)[^/]+/c?\d+/messages\.(csv|json)")
# Discord's channel types, by number until 2023 and by name since: direct, group, private thread.
_PRIVATE = frozenset({"1", "3", "12", "dm", "group_dm", "private_thread"})


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such a package."""
    return any(_MESSAGES.fullmatch(name) for name in names)


def read(members: ArchiveMembers) -> Collected:
    """What the person wrote in the channels of servers."""
    channels = [match for name in members.names() if (match := _MESSAGES.fullmatch(name))]
    user = _user(members, channels[0][1])
    source = f"{SITE}:{user.get('id') or 'unknown'}"
    public = [match for match in channels if _is_for_all(members, match[0])]
    tweets: dict[str, Tweet] = {}
    for match in public:
        for message in _messages(members, match[0], match[2]):
            if message.text.strip():
                text = html.escape(message.text, quote=False)
                tweets[message.id] = Tweet(message.id, text, dates.moment(message.written_at), source=source)
    if not tweets:
        why = f"it holds no messages in channels of servers ({len(channels)} channels, {len(public)} of them public)"
        raise BadSource(members.path, why, "direct messages are private and not read; give another file")
    return Collected(_account(user), tuple(tweets.values()))


@dataclass(frozen=True, slots=True)
class _Message:
    """One message as the package writes it."""

    id: str
    text: str
    written_at: object


def _messages(members: ArchiveMembers, name: str, form: str) -> Iterator[_Message]:
    with members.text(name) as text:
        rows = csv.DictReader(text) if form == "csv" else (item for _, item in items(text))
        for row in rows:
            facts = row if isinstance(row, Mapping) else {}
            id_, contents = facts.get("ID"), facts.get("Contents")
            if not isinstance(id_, str | int) or not isinstance(contents, str):
                why = f"its {shown(name)} holds a message without ID or Contents"
                raise BadSource(members.path, why, "get it again", told="one of the messages in it is damaged")
            yield _Message(str(id_), contents, facts.get("Timestamp"))


def _is_for_all(members: ArchiveMembers, name: str) -> bool:
    """Returns True if the messages in `name` were written in a channel of a server."""
    beside = name.rpartition("/")[0] + "/channel.json"
    facts = _json(members, beside) if beside in members.names() else {}
    kind = facts.get("type")
    return kind is not None and str(kind).lower() not in _PRIVATE and "recipients" not in facts


def _user(members: ArchiveMembers, home: str) -> Mapping[str, object]:
    user_files = [name for name in members.names() if re.fullmatch(rf"{re.escape(home)}[^/]+/user\.json", name)]
    return _json(members, user_files[0]) if user_files else {}


def _account(user: Mapping[str, object]) -> Account | None:
    return fields.account(user.get("username"), user.get("global_name") or user.get("username"), "", SITE)


def _json(members: ArchiveMembers, name: str) -> Mapping[str, object]:
    with members.text(name) as text:
        try:
            facts = json.loads(text.read())
        except (ValueError, RecursionError) as error:
            told = "a file in it is damaged"
            raise BadSource(members.path, f"its {shown(name)} is broken", "get it again", told=told) from error
    return facts if isinstance(facts, dict) else {}

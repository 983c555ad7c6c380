"""The archive that Mastodon gives to a person: `outbox.json` holds the posts, `actor.json` says whose they are.

Knows these files. Does not open favourites, bookmarks and media. Does not know what a post looks like.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.sources.archives import mastodon
from huggingtweets.sources.reading.files import GET_AGAIN, ONE_BY_ONE, OWNER_UNREADABLE, SEVERAL_ARCHIVES
from huggingtweets.sources.reading.members import ArchiveMembers

_OUTBOX = "outbox.json"
_DEEPEST = 2  # the archive may lie in one folder more


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such an archive."""
    return bool(_outboxes(names))


def read(members: ArchiveMembers) -> Collected:
    """The public posts of the archive."""
    names = members.names()
    outboxes = _outboxes(names)
    if len(outboxes) > 1:
        raise BadSource(members.path, SEVERAL_ARCHIVES, ONE_BY_ONE)
    with members.text(outboxes[0]) as text:
        records = mastodon.records(members.path, text)
    actor = outboxes[0].removesuffix(_OUTBOX) + "actor.json"
    return mastodon.collected(members.path, records, _actor(members, actor) if actor in names else {})


def _outboxes(names: Iterable[str]) -> list[str]:
    paths = [PurePosixPath(name) for name in names]
    return [str(path) for path in paths if path.name == _OUTBOX and len(path.parts) <= _DEEPEST]


def _actor(members: ArchiveMembers, name: str) -> Mapping[str, object]:
    with members.text(name) as text:
        try:
            actor = json.loads(text.read())
        except (ValueError, RecursionError) as error:
            why = "its actor.json cannot be read, so nobody knows whose it is"
            raise BadSource(members.path, why, GET_AGAIN, told=OWNER_UNREADABLE) from error
    return actor if isinstance(actor, dict) else {}

"""Posts as records of Bluesky: their keys, their facets, and what a reply refers to.

Pure. It is imported only where Bluesky is used.
"""

from datetime import UTC, datetime
from typing import Any

from atproto_client.utils import detect_facets

from bot.store.posts.outbox import Post

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"  # in the order of ASCII, so that keys sort by time
_KEY_LENGTH = 13
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Record = dict[str, Any]


def record_key(post: Post) -> str:
    """The key of a post's record, which is the same at each try: when it was queued, and ten bits of its number.

    It has the form that Bluesky wants for posts, a TID: https://atproto.com/specs/tid
    """
    since = post.created_at - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    number = (microseconds << 10 | post.id % 1_024) & (1 << 63) - 1
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(_KEY_LENGTH)))


def record(post: Post, at: datetime, reply: Record | None) -> Record:
    """The record of a post: its text, with the places of tags and links in it, counted in bytes."""
    made: Record = {"$type": "app.bsky.feed.post", "text": post.text, "createdAt": moment(at)}
    facets = [facet.model_dump(exclude_none=True, by_alias=True) for facet in detect_facets(post.text)]
    if facets:
        made["facets"] = facets
    if reply:
        made["reply"] = reply
    return made


def reply_to(answered: Record) -> Record:
    """What a reply to the post `answered`, as the AppView shows it, refers to: the post and the root of its thread."""
    parent = {"uri": answered["uri"], "cid": answered["cid"]}
    of_parent = (answered.get("record") or {}).get("reply") or {}
    root = of_parent.get("root") or parent
    return {"parent": parent, "root": {"uri": root["uri"], "cid": root["cid"]}}


def moment(at: datetime) -> str:
    """A moment as records have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

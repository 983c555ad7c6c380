"""What X tells of accounts and posts, parsed out of the answers of its API v2.

Raises `InDoubt` for an answer of another shape than X describes. Does not know HTTP, keys, or who asks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from huggingtweets.core.text.dates import moment
from huggingtweets.remote.upstream import InDoubt

X = "X"
_GONE = ("resource-not-found", "not-authorized-for-resource")  # a problem's type: deleted; protected or suspended


@dataclass(frozen=True, slots=True)
class XUser:
    """An account; `handle` has no `@`."""

    id: str
    handle: str
    name: str = ""
    avatar_url: str = ""
    description: str = ""
    protected: bool = False
    is_parody: bool = False  # X's own mark of parody accounts; X tells of no Automated label


@dataclass(frozen=True, slots=True)
class XPost:
    """A post with its full text, HTML-escaped as X gives it.

    `referenced` says what it does with other posts: retweeted, quoted, replied_to. `reply_to` is the id of the post
    that it replies to. `versions` are the ids of all versions of an edited post; the last is its own.
    """

    id: str
    text: str
    created_at: datetime | None = None
    author_id: str = ""
    author: XUser | None = None
    conversation_id: str = ""
    in_reply_to_user_id: str = ""
    referenced: tuple[str, ...] = ()
    lang: str | None = None
    versions: tuple[str, ...] = ()
    reply_to: str = ""
    likes: int = 0
    reposts: int = 0
    replies: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at ids gave: the posts that are there, and the ids that are gone, or that we may not see any more."""

    posts: tuple[XPost, ...]
    gone: frozenset[str]


@contextmanager
def readable() -> Iterator[None]:
    """Raise `InDoubt` if the block finds an answer of the wrong shape."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InDoubt(X, f"its answer cannot be read: {type(error).__name__}") from error


def data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The one thing that was asked for."""
    row = answer.get("data")
    if not isinstance(row, dict):
        raise InDoubt(X, "its answer has no data")
    return row


def user(row: Mapping[str, Any]) -> XUser:
    with readable():
        return XUser(
            id=_id(row["id"]),
            handle=str(row["username"]),
            name=str(row.get("name", "")),
            avatar_url=str(row.get("profile_image_url", "")),
            description=str(row.get("description", "")),
            protected=row.get("protected") is True,
            is_parody=row.get("parody") is True,
        )


def post(row: Mapping[str, Any], authors: Mapping[str, XUser] | None = None) -> XPost:
    with readable():
        author_id = str(row.get("author_id", ""))
        lang, metrics = row.get("lang"), row.get("public_metrics") or {}
        return XPost(
            id=_id(row["id"]),
            # The `text` of a long post is cut off. Its note has the whole text.
            text=str((row.get("note_tweet") or {}).get("text") or row["text"]),
            created_at=moment(row.get("created_at")),
            author_id=author_id,
            author=(authors or {}).get(author_id),
            conversation_id=str(row.get("conversation_id", "")),
            in_reply_to_user_id=str(row.get("in_reply_to_user_id", "")),
            referenced=tuple(str(reference["type"]) for reference in row.get("referenced_tweets") or []),
            lang=lang if isinstance(lang, str) else None,
            versions=tuple(map(_id, row.get("edit_history_tweet_ids") or [])),
            reply_to=_replied_to(row),
            likes=int(metrics.get("like_count", 0)),
            reposts=int(metrics.get("retweet_count", 0)) + int(metrics.get("quote_count", 0)),
            replies=int(metrics.get("reply_count", 0)),
        )


def _replied_to(row: Mapping[str, Any]) -> str:
    """The id of the post that this one replies to; empty if there is none."""
    references = row.get("referenced_tweets") or []
    return next((_id(each["id"]) for each in references if each["type"] == "replied_to" and "id" in each), "")


def _id(value: object) -> str:
    if not isinstance(value, str) or not value.isdecimal():
        raise ValueError("an id has digits")
    return value


def problems(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What X says went wrong. Parts of an unexpected shape are left out."""
    errors = answer.get("errors")
    return [problem for problem in errors if isinstance(problem, dict)] if isinstance(errors, list) else []


def is_gone(problem: Mapping[str, Any]) -> bool:
    return str(problem.get("type", "")).endswith(_GONE)


def resource(problem: Mapping[str, Any]) -> str:
    return str(problem.get("resource_id") or problem.get("value") or "")

"""An account on a Mastodon server, over Mastodon.py: itself, its posts, and who mentions it.

Mastodon.py is not async, so each request has a thread of its own.

Raises what `upstream` draws. Does not know queues, or what is posted. It is imported only where Mastodon is used.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import requests
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonRatelimitError,
)

from bot.core.post_text.room import MASTODON_CHARACTERS
from bot.posts.mastodon.session import BoundedSession
from bot.posts.place import MASTODON
from huggingtweets.core.process.in_a_thread import in_a_thread
from huggingtweets.core.text.dates import moment
from huggingtweets.remote.upstream import (
    BadCredentials,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    Patience,
    RateLimited,
    Refused,
    Upstream,
)
from huggingtweets.sources.reading.html_text import text_of

PAGE = 40
_SHOWN = 200  # characters of the server's own explanation
_NO_CONNECTION = (requests.exceptions.ConnectTimeout,)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """An account; `handle` has the server of people elsewhere: `ann`, `ann@other.example`."""

    id: str
    handle: str
    name: str
    description: str
    is_bot: bool


@dataclass(frozen=True, slots=True)
class Status:
    """A post, with its text as people see it."""

    id: str
    author: Person
    text: str
    created_at: datetime | None
    visibility: str
    in_reply_to: str
    likes: int
    reposts: int
    replies: int


@dataclass(frozen=True, slots=True)
class Notified:
    """A mention: where it stands among all notifications, and the post."""

    position: str
    status: Status


class MastodonClient:
    """Reading is tried again, as `patience` says. Writing is never tried again."""

    def __init__(self, url: str, token: str, *, timeout_seconds: float, patience: Patience):
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._patience = patience
        self._api = Mastodon(
            access_token=token,
            api_base_url=url,
            ratelimit_method="throw",
            request_timeout=timeout_seconds,
            session=BoundedSession(),
            user_agent="huggingtweets",
        )

    async def me(self) -> Person:
        """The account that the token belongs to."""
        return await self._reading(lambda: _person(self._api.account_verify_credentials()))

    async def label_as_bot(self) -> None:
        """Set the account's bot flag."""
        await self._asking(lambda: self._api.account_update_credentials(bot=True))

    async def characters(self) -> int:
        """How many characters a post may have on this server."""
        try:
            return await self._reading(lambda: _characters(self._api.instance_v2()))
        except NotFound:
            return await self._reading(lambda: _characters(self._api.instance_v1()))

    async def post(
        self, text: str, *, key: str, visibility: str, content_warning: str = "", in_reply_to: str = ""
    ) -> str:
        """Post `text`. Returns its id. A post with the same `key` is made once within an hour."""
        post = partial(
            self._api.status_post,
            text,
            visibility=visibility,
            spoiler_text=content_warning or None,
            in_reply_to_id=in_reply_to or None,
            idempotency_key=key,
        )
        return await self._asking(lambda: _id(post()["id"]))

    async def status(self, status_id: str) -> Status:
        """A post by its id. Raises `NotFound`."""
        return await self._reading(lambda: _status(self._api.status(status_id)))

    async def root(self, status_id: str) -> str:
        """The id of the first post of the thread that a post is in."""
        ancestors = await self._reading(
            lambda: [_id(row["id"]) for row in self._api.status_context(status_id)["ancestors"]]
        )
        return ancestors[0] if ancestors else status_id

    async def own(self, account_id: str, since_id: str) -> list[Status]:
        """The account's newest posts after `since_id`, at most a page, the newest first."""
        call = partial(
            self._api.account_statuses, account_id, since_id=since_id or None, limit=PAGE, exclude_reblogs=True
        )
        return await self._reading(lambda: [_status(row) for row in call()])

    async def mentions(self, position: str, limit: int = PAGE) -> list[Notified]:
        """The first mentions after a position, the oldest first; without a position the newest."""
        call = partial(self._api.notifications, types=["mention"], min_id=position or None, limit=limit)
        return await self._reading(lambda: [one for row in reversed(call()) if (one := _notified(row))])

    async def _reading(self, call: Callable[[], T]) -> T:
        return await self._patience.insist(lambda: self._asking(call))

    async def _asking(self, call: Callable[[], T]) -> T:
        """One request. The library's own time-out counts between two pieces of an answer, so there is one for all."""
        try:
            with _readable():
                return await in_a_thread(call, "mastodon", 2 * self._timeout_seconds)
        except TimeoutError as error:
            raise InDoubt(MASTODON, "it took too long") from error
        except MastodonError as error:
            raise self._meaning(error) from error

    def _meaning(self, error: MastodonError) -> Upstream:
        if isinstance(error, MastodonNetworkError):
            return _of_the_network(error)
        if isinstance(error, MastodonRatelimitError):
            # The other errors of this class are about headers that cannot be read.
            if error.args[:1] == ("Hit rate limit.",):
                return RateLimited(MASTODON, self._reset())
            return InDoubt(MASTODON, "its answer cannot be read")
        status = error.args[1] if isinstance(error, MastodonAPIError) and len(error.args) > 3 else None
        if not isinstance(status, int):
            return InDoubt(MASTODON, "its answer cannot be read")
        said = self._without_secrets(str(error.args[3] or "")) or str(status)
        match status:
            case 401:
                return BadCredentials(
                    MASTODON, f"The Mastodon server refuses the token ({said}); put a valid one in place."
                )
            case 403:
                return Forbidden(
                    MASTODON, f"The Mastodon server does not allow this ({said}); check the token's scopes."
                )
            case 404 | 410:
                return NotFound(MASTODON, f"The Mastodon server has no such thing ({said}); check what was asked.")
            case _ if 400 <= status < 500:
                return Refused(MASTODON, f"The Mastodon server refuses the request ({said}); check what was asked.")
        return InDoubt(MASTODON, f"status {status}")

    def _reset(self) -> datetime | None:
        reset = self._api.ratelimit_reset
        return datetime.fromtimestamp(reset, UTC) if reset and reset < time.time() + 86_400 else None

    def _without_secrets(self, text: str) -> str:
        plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return plain.replace(self._token, "…")[:_SHOWN].rstrip(". ")


@contextmanager
def _readable() -> Iterator[None]:
    """Raise `InDoubt` if the block finds an answer of the wrong shape."""
    try:
        yield
    except (MastodonError, TimeoutError):
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise InDoubt(MASTODON, f"its answer cannot be read: {type(error).__name__}") from error


def _of_the_network(error: MastodonNetworkError) -> Upstream:
    """What a failure of the network means: without a connection nothing was done."""
    cause = error.__context__
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return NotReached(MASTODON, "no connection in time")
    reason = (
        getattr(cause.args[0], "reason", None) if isinstance(cause, requests.ConnectionError) and cause.args else None
    )
    if type(reason).__name__ in ("NewConnectionError", "NameResolutionError"):
        return NotReached(MASTODON, "no connection")
    return InDoubt(MASTODON, type(cause or error).__name__)


def _person(row: Any) -> Person:
    return Person(
        id=_id(row["id"]),
        handle=str(row["acct"]),
        name=str(row.get("display_name") or ""),
        description=text_of(str(row.get("note") or "")),
        is_bot=row.get("bot") is True,
    )


def _status(row: Any) -> Status:
    return Status(
        id=_id(row["id"]),
        author=_person(row["account"]),
        text=text_of(str(row["content"])),
        created_at=moment(str(row.get("created_at") or "")),
        visibility=str(row.get("visibility") or "public"),
        in_reply_to=str(row.get("in_reply_to_id") or ""),
        likes=int(row.get("favourites_count") or 0),
        reposts=int(row.get("reblogs_count") or 0),
        replies=int(row.get("replies_count") or 0),
    )


def _notified(row: Any) -> Notified | None:
    """A notification as a mention; None if it is none, or has lost its post."""
    return Notified(_id(row["id"]), _status(row["status"])) if row.get("status") and row["type"] == "mention" else None


def _characters(instance: Any) -> int:
    """The limit that a server tells, in today's or in an older form."""
    statuses = (instance.get("configuration") or {}).get("statuses") or {}
    told = statuses.get("max_characters") or instance.get("max_toot_chars")
    return int(told) if told else MASTODON_CHARACTERS


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    if not text:
        raise ValueError("an id is a text")
    return text

"""An account on Bluesky, over atproto: its profile, its posts by their keys, and who mentions it.

Answers are taken as plain objects and parsed here: one strange record would make atproto's own models refuse a page.

Raises what `upstream` draws. Does not know queues, or what is posted. It is imported only where Bluesky is used,
because atproto takes a while to import.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

import httpx
from atproto_client import AsyncClient, Session, SessionEvent
from atproto_client.exceptions import AtProtocolError, RateLimitExceededError, RequestErrorBase
from atproto_client.models.common import XrpcError
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import AsyncRequest

from bot.posts.bluesky.transport import Transport, reset_of
from bot.posts.place import BLUESKY
from huggingtweets.remote.upstream import (
    BadCredentials,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    Patience,
    RateLimited,
    Refused,
    Suspended,
    Upstream,
)

POSTS = "app.bsky.feed.post"
PROFILE = "app.bsky.actor.profile"
BOT = "bot"  # the self-label of accounts that a program writes for
PAGE = 50
_EXPIRED = ("ExpiredToken", "InvalidToken")
_SWITCHED_OFF = ("AccountTakedown", "AccountDeactivated", "AccountSuspended")
_SHOWN = 200  # characters of Bluesky's own explanation

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says of itself. `record` is the whole of it, in the version `cid`; empty if there is none."""

    did: str
    handle: str
    record: Record = field(default_factory=dict)
    cid: str = ""

    @property
    def labels(self) -> frozenset[str]:
        values = as_record(self.record.get("labels")).get("values")
        return frozenset(str(as_record(value).get("val")) for value in (values if isinstance(values, list) else []))

    @property
    def is_bot(self) -> bool:
        return BOT in self.labels

    @property
    def texts(self) -> tuple[str, str]:
        """The name and the description."""
        return str(self.record.get("displayName") or ""), str(self.record.get("description") or "")


class _SessionEnded(Exception):
    """The session has expired, or was ended at the far end. It goes no further than this module."""


class BlueskyClient:
    """An async context manager. Reading is tried again, as `patience` says. Writing is never tried again."""

    def __init__(self, url: str, handle: str, password: str, *, timeout_seconds: float, patience: Patience):
        self._url, self._handle, self._password = url, handle, password
        self._patience = patience
        self._transport = Transport()
        request = AsyncRequest(timeout=timeout_seconds, transport=self._transport, trust_env=False)
        self._api = AsyncClient(base_url=url, request=request)
        self._api.on_session_change(self._take)
        self._open = AsyncExitStack()
        self._signing_in = asyncio.Lock()
        self._did = ""
        # At DEBUG these print what they send, and with it the session.
        for name in ("httpx", "httpcore", "atproto"):
            log = logging.getLogger(name)
            log.setLevel(max(logging.INFO, log.level))

    async def __aenter__(self) -> Self:
        self._open.push_async_callback(self._api.request.close)
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._open.aclose()

    async def profile(self) -> Profile:
        """The account that the password belongs to."""
        await self._patience.insist(self._sign_in)
        try:
            answer = await self._reading("com.atproto.repo.getRecord", self._at(PROFILE, "self"))
        except NotFound:
            return Profile(self._did, self._handle)
        return Profile(self._did, self._handle, as_record(answer.get("value")), str(answer.get("cid") or ""))

    async def label_as_bot(self, profile: Profile) -> None:
        """Add the self-label "bot" to the profile, unless it was changed meanwhile."""
        values = [{"val": label} for label in sorted({*profile.labels, BOT})]
        labels = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
        record = {"$type": PROFILE, **profile.record, "labels": labels}
        swap = {"swapRecord": profile.cid} if profile.cid else {}
        await self._writing("com.atproto.repo.putRecord", self._at(PROFILE, "self") | {"record": record} | swap)

    async def put(self, key: str, record: Record) -> str:
        """Write a post under a record key of ours. Returns its address. Writing it twice makes one post."""
        answer = await self._writing("com.atproto.repo.putRecord", self._at(POSTS, key) | {"record": record})
        uri = answer.get("uri")
        if not isinstance(uri, str) or not uri.startswith("at://"):
            raise InDoubt(BLUESKY, "its answer has no address")
        return uri

    async def made(self, key: str) -> str:
        """Returns the address of the post under a record key; empty if there is none."""
        try:
            answer = await self._reading("com.atproto.repo.getRecord", self._at(POSTS, key))
        except NotFound:
            return ""
        return str(answer.get("uri") or f"at://{self._did}/{POSTS}/{key}")

    async def own_post(self, uri: str) -> Record:
        """A post of the account itself, as it stands in its repository. Raises `NotFound`."""
        answer = await self._reading("com.atproto.repo.getRecord", self._at(POSTS, uri.rpartition("/")[2]))
        return {"uri": uri, "cid": answer.get("cid"), "record": as_record(answer.get("value"))}

    async def posts(self, uris: list[str]) -> list[Record]:
        """Returns those of at most 25 posts that are there, as the AppView shows them."""
        answer = await self._reading("app.bsky.feed.getPosts", {"uris": uris})
        return _rows(answer, "posts")

    async def notifications(self, cursor: str = "") -> tuple[list[Record], str]:
        """Returns a page of mentions and replies, the newest first, and the cursor of the next page."""
        asked: Record = {"limit": PAGE, "reasons": ["mention", "reply"]}
        answer = await self._reading(
            "app.bsky.notification.listNotifications", asked | ({"cursor": cursor} if cursor else {})
        )
        more = answer.get("cursor")
        return _rows(answer, "notifications"), more if isinstance(more, str) else ""

    def _at(self, collection: str, key: str) -> Record:
        return {"repo": self._did, "collection": collection, "rkey": key}

    async def _reading(self, method: str, parameters: Record) -> Record:
        async def ask() -> Record:
            return await self._asking(partial(self._api.invoke_query, method, params=DotDict(parameters)))

        return await self._patience.insist(ask)

    async def _writing(self, method: str, body: Record) -> Record:
        self._transport.refuse_without_points(datetime.now(UTC))
        try:
            await self._sign_in()
        except InDoubt as error:
            # Nothing has been written yet.
            raise NotReached(BLUESKY, "no session") from error
        call = partial(self._api.invoke_procedure, method, data=DotDict(body), input_encoding="application/json")
        return await self._asking(call)

    async def _asking(self, ask: Callable[[], Any]) -> Record:
        """One request. If the session has ended, the request was refused, and is made in a new one."""
        await self._sign_in()
        try:
            return await self._answer(ask)
        except _SessionEnded:
            self._did = ""
            await self._sign_in()
            try:
                return await self._answer(ask)
            except _SessionEnded as error:
                raise BadCredentials(BLUESKY, str(error)) from error

    async def _sign_in(self) -> None:
        async with self._signing_in:
            if self._did:
                return
            # The last session may have led to another host.
            self._api.update_base_url(self._url)
            try:
                with _readable():
                    await self._api.login(self._handle, self._password, fetch_bsky_profile=False)
            except RequestErrorBase as error:
                meaning = self._meaning(error)
                if isinstance(meaning, _SessionEnded):
                    meaning = BadCredentials(BLUESKY, str(meaning))
                raise meaning from error

    def _take(self, _: SessionEvent, session: Session) -> None:
        self._did = session.did

    async def _answer(self, ask: Callable[[], Any]) -> Record:
        try:
            with _readable():
                content = (await ask()).content
        except RequestErrorBase as error:
            raise self._meaning(error) from error
        if not isinstance(content, dict):
            raise InDoubt(BLUESKY, "its answer is no object")
        return content

    def _meaning(self, error: RequestErrorBase) -> Upstream | _SessionEnded:
        response, cause = error.response, error.__cause__
        if response is None:
            if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout):
                return NotReached(BLUESKY, type(cause).__name__)
            return InDoubt(BLUESKY, type(cause or error).__name__)
        if isinstance(error, RateLimitExceededError):
            return RateLimited(BLUESKY, reset_of(response.headers))
        name, message = _told(response.content)
        said = self._without_secrets(message or name) or str(response.status_code)
        return _named(name, message, said) or _refusal(response.status_code, said)

    def _without_secrets(self, text: str) -> str:
        plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return plain.replace(self._password, "…")[:_SHOWN].rstrip(". ")


def _told(content: object) -> tuple[str, str]:
    """The name of a failure and what Bluesky says about it; empty where it says nothing."""
    return (str(content.error or ""), str(content.message or "")) if isinstance(content, XrpcError) else ("", "")


def _named(name: str, message: str, said: str) -> Upstream | _SessionEnded | None:
    """What a refusal means that has a name of its own; None for all others."""
    if name in _EXPIRED:
        return _SessionEnded(f"Bluesky does not take our session ({said}); see whether the password works.")
    if name in _SWITCHED_OFF:
        return Suspended(BLUESKY, f"Bluesky has suspended the account, or it is switched off ({said}); look there.")
    if name == "RecordNotFound" or "could not locate record" in message.lower():
        return NotFound(BLUESKY, f"Bluesky has no such record ({said}); check what was asked.")
    return None


def _refusal(status: int, said: str) -> Upstream:
    """What a status means."""
    match status:
        case 401:
            mend = "put a valid app password and the right handle in place"
            return BadCredentials(BLUESKY, f"Bluesky refuses the password ({said}); {mend}.")
        case 403:
            return Forbidden(BLUESKY, f"Bluesky does not allow this ({said}); check the app password's rights.")
        case 404:
            return NotFound(BLUESKY, f"Bluesky has no such thing ({said}); check what was asked.")
        case _ if 400 <= status < 500:
            return Refused(BLUESKY, f"Bluesky refuses the request ({said}); check what was asked.")
    return InDoubt(BLUESKY, f"status {status}")


@contextmanager
def _readable() -> Iterator[None]:
    """Raise `InDoubt` if the block finds an answer of the wrong shape, or loses the connection in the middle."""
    try:
        yield
    except (Upstream, RequestErrorBase):
        raise
    except httpx.HTTPError as error:
        raise InDoubt(BLUESKY, type(error).__name__) from error
    except (AtProtocolError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InDoubt(BLUESKY, f"its answer cannot be read: {type(error).__name__}") from error


def _rows(answer: Mapping[str, Any], key: str) -> list[Record]:
    rows = answer.get(key)
    if not isinstance(rows, list):
        raise InDoubt(BLUESKY, f"its answer has no {key}")
    return [row for row in rows if isinstance(row, dict)]


def as_record(value: object) -> Record:
    """A part of an answer as an object; empty if it is none."""
    return value if isinstance(value, dict) else {}

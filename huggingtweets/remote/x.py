"""X by its API v2: accounts, posts, mentions, and posting. The only module that knows tweepy.

Tweepy knows routes, parameters and the signature. Sending and judging answers is done here, because tweepy 4.17 sends
to a fixed origin, reads JSON before it looks at the status (an HTML 503 is no exception of its own), may sleep for a
quarter of an hour inside a call, and logs the Authorization header at DEBUG.

Raises what `upstream` draws. Knows nothing of who is posted for, or what becomes of a text.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from oauthlib.oauth1 import Client as OAuthSigner
from tweepy.asynchronous import AsyncClient  # type: ignore[import-untyped]
from yarl import URL

from huggingtweets.core.dates import moment
from huggingtweets.remote.upstream import (
    BadCredentials,
    Duplicate,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    OutOfCredit,
    Patience,
    RateLimited,
    Refused,
    Suspended,
    Upstream,
)

X = "X"
API_URL = "https://api.x.com"
MAX_ANSWER_BYTES = 8 << 20  # 100 long posts with their expansions have some 3 MB
PAGE = 100  # posts of one page, at most; the least that may be asked for is 5
MIN_PAGE = 5
MOST_BACK = 3_200  # posts of a timeline that X gives out
_POST_FIELDS = [
    "author_id",
    "conversation_id",
    "created_at",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "referenced_tweets",
]
_USER_FIELDS = ["description", "name", "parody", "profile_image_url", "protected", "username"]
_GONE = ("resource-not-found", "not-authorized-for-resource")  # a problem's type: deleted; protected or suspended
_INDISCREET = ("tweepy", "oauthlib", "requests_oauthlib")  # at DEBUG these log headers and what is signed
_DUPLICATE = "duplicate"
# Our own account, in one sentence: who has "blocked" us, or is suspended, is no trouble of the account's.
_SUSPENDED = re.compile(
    r"\b(?:your|this) account\b[^.;]*\b(?:suspended|locked)\b|\b(?:suspended|locked) your account\b", re.IGNORECASE
)
_SHOWN = 200  # characters of X's own explanation


@dataclass(frozen=True, slots=True)
class Credentials:
    """What X lets somebody in by: an app's bearer token to read, or an account's four keys to read and post."""

    bearer_token: str = field(default="", repr=False)
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_token_secret: str = field(default="", repr=False)

    @property
    def for_an_account(self) -> bool:
        return all((self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret))

    def without(self, text: str) -> str:
        """`text` in which none of them stands: a far end may repeat what it was sent."""
        for secret in self._all():
            text = text.replace(secret, "…")
        return text

    def _all(self) -> list[str]:
        held = (
            self.bearer_token,
            self.consumer_key,
            self.consumer_secret,
            self.access_token,
            self.access_token_secret,
        )
        return [secret for secret in held if secret]


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

    `referenced` says what it is of others' posts: retweeted, quoted, replied_to. `versions` are the ids of all versions
    of an edited post, its own the last.
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


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at ids gave: the posts that are there, and the ids that are not, or not for us, any more."""

    posts: tuple[XPost, ...]
    gone: frozenset[str]


# Told before a request how many posts it may give at most, and after it, below 0, how many of these did not come. May
# refuse by raising; then X is not asked.
Charge = Callable[[int], Awaitable[None]]


async def free(_: int) -> None:
    """The charge of whoever does not count."""


@asynccontextmanager
async def _paid(charge: Charge, most: int) -> AsyncIterator[Callable[[int], None]]:
    """Charge `most` posts before the block; those beyond what it says that it got are given back after it."""
    await charge(most)
    unused = most

    def got(posts: int) -> None:
        nonlocal unused
        unused = most - posts

    try:
        yield got
    finally:
        if unused:
            await charge(-unused)


class XClient:
    """An async context manager. Reading is tried again, as `patience` says; posting never is."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_url: str = API_URL,
        timeout_seconds: float = 20.0,
        patience: Patience = Patience(),  # noqa: B008  frozen
    ):
        self._credentials = credentials
        self._patience = patience
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds / 2)
        self._api = _Tweepy(credentials, api_url)
        self._as_account = credentials.for_an_account

    async def __aenter__(self) -> Self:
        for name in _INDISCREET:
            logger = logging.getLogger(name)
            logger.setLevel(max(logging.INFO, logger.level))
        self._api.session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._api.session.close()

    async def me(self) -> XUser:
        """The account that the keys are of."""
        answer = await self._reading("get_me", user_fields=_USER_FIELDS)
        return _user(_data(answer, dict))

    async def user(self, handle: str) -> XUser:
        """The account called `handle`; raises `NotFound`, or `Forbidden` for a suspended one."""
        return await self._one_user({"username": handle})

    async def user_by_id(self, user_id: str) -> XUser:
        """The same by id, which outlives a change of the handle."""
        return await self._one_user({"id": user_id})

    async def timeline(
        self,
        user_id: str,
        *,
        since_id: str | None = None,
        most: int = MOST_BACK,
        page: int = PAGE,
        charge: Charge = free,
    ) -> AsyncIterator[list[XPost]]:
        """Pages of an account's posts, the newest first; only those after `since_id`, and about `most` at most."""
        async for posts in self._pages("get_users_tweets", user_id, since_id, most, page, charge):
            yield posts

    async def mentions(
        self, user_id: str, *, since_id: str | None = None, most: int = 800, page: int = PAGE, charge: Charge = free
    ) -> AsyncIterator[list[XPost]]:
        """Pages of posts that mention the account, with their authors, the newest first."""
        more = {"expansions": ["author_id"]}
        async for posts in self._pages("get_users_mentions", user_id, since_id, most, page, charge, **more):
            yield posts

    async def look(self, ids: Sequence[str], charge: Charge = free) -> Looked:
        """Which of at most 100 posts are still there."""
        async with _paid(charge, len(ids)) as got:
            answer = await self._reading("get_tweets", list(ids), tweet_fields=_POST_FIELDS)
            with _readable():
                posts = [_post(row) for row in answer.get("data") or []]
            got(len(posts))
        missing = set(ids) - {post.id for post in posts}
        told = {_resource(problem) for problem in _problems(answer) if _is_gone(problem)}
        return Looked(tuple(posts), frozenset(missing & told))

    async def post(self, text: str, in_reply_to: str = "") -> str:
        """Post `text`; its id. After `InDoubt` it may be there; after any other failure it is not."""
        answer = await self._asking("create_tweet", text=text, in_reply_to_tweet_id=in_reply_to or None)
        return _post(_data(answer, dict)).id

    async def _one_user(self, by: Mapping[str, str]) -> XUser:
        answer = await self._reading("get_user", user_fields=_USER_FIELDS, **by)
        for problem in _problems(answer):
            if _is_gone(problem) and not answer.get("data"):
                suspended = "suspended" in str(problem.get("detail", "")).lower()
                raise (Forbidden if suspended else NotFound)(X, self._shown(problem))
        return _user(_data(answer, dict))

    async def _pages(
        self,
        method: str,
        user_id: str,
        since_id: str | None,
        most: int,
        page: int,
        charge: Charge,
        **fields: object,
    ) -> AsyncIterator[list[XPost]]:
        token: str | None = None
        got = 0
        while got < most:
            size = max(MIN_PAGE, min(page, most - got))
            async with _paid(charge, size) as came:
                answer = await self._reading(
                    method,
                    user_id,
                    since_id=since_id,
                    max_results=size,
                    pagination_token=token,
                    tweet_fields=_POST_FIELDS,
                    user_fields=_USER_FIELDS,
                    **fields,
                )
                with _readable():
                    authors = {row["id"]: _user(row) for row in answer.get("includes", {}).get("users", [])}
                    posts = [_post(row, authors) for row in answer.get("data") or []]
                    token = answer.get("meta", {}).get("next_token")
                came(len(posts))
            if not posts:
                for problem in _problems(answer):
                    if _is_gone(problem):
                        raise Forbidden(X, self._shown(problem))
            got += len(posts)
            yield posts
            if not token:
                return

    async def _reading(self, method: str, *arguments: object, **parameters: object) -> dict[str, Any]:
        return await self._patience.insist(lambda: self._asking(method, *arguments, **parameters))

    async def _asking(self, method: str, *arguments: object, **parameters: object) -> dict[str, Any]:
        """One request through tweepy's method; the answer as an object."""
        given = {key: value for key, value in parameters.items() if value is not None}
        try:
            answer = await getattr(self._api, method)(*arguments, user_auth=self._as_account, **given)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(X, self._credentials.without(_why(error))) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise InDoubt(X, self._credentials.without(_why(error))) from error
        except _NotOkay as refusal:
            raise self._meaning(refusal) from None
        if not isinstance(answer, dict):
            raise InDoubt(X, "its answer is no object")
        return answer

    def _meaning(self, answer: "_NotOkay") -> Upstream:
        said = self._shown(answer.body) if isinstance(answer.body, dict) else ""
        match answer.status:
            case 401:
                return BadCredentials(X, f"X refuses the keys and tokens ({said or '401'}); put valid ones in place.")
            case 402:
                return OutOfCredit(X, f"X wants credit first ({said or '402'}); buy some in the developer console.")
            case 403 if _DUPLICATE in said.lower():
                return Duplicate(X, f"X has this very text already ({said}); write another.")
            case 403 if _SUSPENDED.search(said):
                return Suspended(X, f"X has suspended or locked the account ({said}); see what X has mailed about it.")
            case 403:
                return Forbidden(X, f"X does not allow this ({said or '403'}); check the app's permissions.")
            case 404:
                return NotFound(X, f"X has no such thing ({said or '404'}); check the name or id.")
            case 429:
                return RateLimited(X, _reset(answer.headers))
            case status if 400 <= status < 500:
                return Refused(X, f"X refuses the request ({said or status}); check what was asked.")
        return InDoubt(X, f"status {answer.status}")

    def _shown(self, body: Mapping[str, Any]) -> str:
        """X's own words, on one line, cut short, without anything secret."""
        problems = [body, *_problems(body)]
        texts = [problem.get("detail") or problem.get("message") or problem.get("title") for problem in problems]
        said = "; ".join(dict.fromkeys(text for text in texts if isinstance(text, str)))
        plain = " ".join("".join(char if char.isprintable() else " " for char in said).split())
        return self._credentials.without(plain)[:_SHOWN].rstrip(". ")


class _NotOkay(Exception):
    """An answer whose status is not 2xx; `body` is what was understood of it."""

    def __init__(self, status: int, headers: Mapping[str, str], body: object):
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


class _Answer:
    """What tweepy asks of a response."""

    def __init__(self, value: object):
        self._value = value

    async def json(self) -> object:
        return self._value


class _Tweepy(AsyncClient):  # type: ignore[misc]  # tweepy has no types
    """Tweepy's methods over a request of our own."""

    def __init__(self, credentials: Credentials, api_url: str):
        super().__init__(
            credentials.bearer_token or None,
            credentials.consumer_key or None,
            credentials.consumer_secret or None,
            credentials.access_token or None,
            credentials.access_token_secret or None,
            return_type=dict,
            wait_on_rate_limit=False,
        )
        self._origin = api_url.rstrip("/")

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, object] | None = None,
        json: object = None,
        user_auth: bool = False,
    ) -> _Answer:
        query = urlencode(sorted((params or {}).items()))
        url = f"{self._origin}{route}" + (f"?{query}" if query else "")
        headers = {"User-Agent": self.user_agent}
        if user_auth:
            signer = OAuthSigner(self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret)
            url, headers, _ = signer.sign(url, "POST" if method == "POST" else "GET", headers=headers)
        else:
            headers["Authorization"] = f"Bearer {self.bearer_token}"
        sent = self.session.request(
            # Encoded already: what is signed must be what is sent. Tokens follow no redirect.
            method,
            URL(url, encoded=True),
            json=json,
            headers=headers,
            allow_redirects=False,
        )
        async with sent as response:
            body = await _read(response)
            if not 200 <= response.status < 300:
                raise _NotOkay(response.status, response.headers, _parsed_or_nothing(body))
            with _readable():
                return _Answer(_parsed(body))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise InDoubt(X, "its answer does not end")
    return bytes(body)


def _parsed(body: bytes) -> object:
    return json.loads(body)


def _parsed_or_nothing(body: bytes) -> object:
    try:
        return _parsed(body)
    except (ValueError, RecursionError):
        return None


@contextmanager
def _readable() -> Iterator[None]:
    """An answer of the wrong shape is an `InDoubt`."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InDoubt(X, f"its answer cannot be read: {type(error).__name__}") from error


def _data(answer: Mapping[str, Any], kind: type) -> Any:
    data = answer.get("data")
    if not isinstance(data, kind):
        raise InDoubt(X, "its answer has no data")
    return data


def _user(row: Mapping[str, Any]) -> XUser:
    with _readable():
        return XUser(
            id=_id(row["id"]),
            handle=str(row["username"]),
            name=str(row.get("name", "")),
            avatar_url=str(row.get("profile_image_url", "")),
            description=str(row.get("description", "")),
            protected=row.get("protected") is True,
            is_parody=row.get("parody") is True,
        )


def _post(row: Mapping[str, Any], authors: Mapping[str, XUser] | None = None) -> XPost:
    with _readable():
        author_id = str(row.get("author_id", ""))
        lang = row.get("lang")
        return XPost(
            id=_id(row["id"]),
            # A long post's `text` is cut off; its note has all of it.
            text=str((row.get("note_tweet") or {}).get("text") or row["text"]),
            created_at=moment(row.get("created_at")),
            author_id=author_id,
            author=(authors or {}).get(author_id),
            conversation_id=str(row.get("conversation_id", "")),
            in_reply_to_user_id=str(row.get("in_reply_to_user_id", "")),
            referenced=tuple(str(reference["type"]) for reference in row.get("referenced_tweets") or []),
            lang=lang if isinstance(lang, str) else None,
            versions=tuple(map(_id, row.get("edit_history_tweet_ids") or [])),
        )


def _id(value: object) -> str:
    if not isinstance(value, str) or not value.isdecimal():
        raise ValueError("an id has digits")
    return value


def _problems(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What X says went wrong; nothing of a shape that it should not have."""
    errors = answer.get("errors")
    return [problem for problem in errors if isinstance(problem, dict)] if isinstance(errors, list) else []


def _is_gone(problem: Mapping[str, Any]) -> bool:
    return str(problem.get("type", "")).endswith(_GONE)


def _resource(problem: Mapping[str, Any]) -> str:
    return str(problem.get("resource_id") or problem.get("value") or "")


def _reset(headers: Mapping[str, str]) -> datetime | None:
    """When the limit that was met is over: that of the quarter of an hour, or of the day."""
    resets = [
        headers.get(f"{limit}-reset")
        for limit in ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
        if limit == "x-rate-limit" or headers.get(f"{limit}-remaining") == "0"
    ]
    seconds = [int(reset) for reset in resets if reset and reset.isdecimal() and len(reset) < 12]
    return datetime.fromtimestamp(max(seconds), UTC) if seconds else None


def _why(error: BaseException) -> str:
    """A failure of the network in a few words."""
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "it took too long"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}: {error.os_error.strerror or error.os_error}"
    return f"{type(error).__name__}"

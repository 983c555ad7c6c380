"""X by its API v2: accounts, posts, mentions, and posting. With `x_media` the only module that knows tweepy.

Raises what `upstream` draws. Does not know HTTP and keys (`x_session`), who is posted for, or what becomes of a text.
"""

# Tweepy is used as its documents say: its methods know the routes and the parameters, `return_type=dict` gives the
# answer as it is, and requests go through the aiohttp session that it is given. Four things of tweepy 4.17 do not work
# here, and the session does them instead:
# - The origin is fixed to api.twitter.com, and a signature covers the origin. So the session signs, and tweepy gets no
#   keys. It logs each Authorization header at DEBUG, but what it logs now is no secret.
# - Its exceptions: it reads an answer as JSON before it looks at the status, so an HTML 503 becomes aiohttp's
#   ContentTypeError, and an error whose `errors` are no list becomes a TypeError. So the session judges the status.
# - `wait_on_rate_limit` sleeps for up to a quarter of an hour inside a call. `Patience` waits instead.
# - It follows redirects, and reads answers of any length.
#
# tweepy and aiohttp are imported with the first client: that takes 0.3 s, and most commands and starts ask X nothing.

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

from huggingtweets.core.process.in_a_thread import in_a_thread
from huggingtweets.remote import x_records as records
from huggingtweets.remote.upstream import Forbidden, InDoubt, NotFound, NotReached, Patience
from huggingtweets.remote.x_records import Looked, X, XPost, XUser
from huggingtweets.remote.x_session import Credentials, explained, opened

API_URL = "https://api.x.com"
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
Method = Callable[..., Awaitable[object]]  # one of tweepy's

# It is called before a request with the number of posts that may come at most, and after the request with a number
# below 0 for the posts that did not come. If it raises, X is not asked.
Charge = Callable[[int], Awaitable[None]]


async def free(_: int) -> None:
    """A charge that counts nothing."""


@asynccontextmanager
async def _paid(charge: Charge, most: int) -> AsyncIterator[Callable[[int], None]]:
    """Charge `most` posts before the block. The block says how many came; the others are given back after it."""
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
    """An async context manager. Reading is tried again, as `patience` says. Posting is never tried again."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_url: str = API_URL,
        timeout_seconds: float = 20.0,
        patience: Patience = Patience(),  # noqa: B008  frozen
    ):
        self._credentials, self._api_url, self._timeout_seconds = credentials, api_url, timeout_seconds
        self._patience = patience
        from tweepy.asynchronous import AsyncClient  # type: ignore[import-untyped]

        # It gets no keys: the session signs.
        self._api = AsyncClient(return_type=dict, wait_on_rate_limit=False)

    async def __aenter__(self) -> Self:
        self._api.session = opened(self._credentials, self._api_url, self._timeout_seconds)
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._api.session.close()

    async def me(self) -> XUser:
        """The account to which the keys belong."""
        answer = await self._reading(self._api.get_me, user_fields=_USER_FIELDS)
        return records.user(records.data(answer))

    async def user(self, handle: str) -> XUser:
        """The account called `handle`. Raises `NotFound`, or `Forbidden` for a suspended account."""
        return await self._one_user({"username": handle})

    async def user_by_id(self, user_id: str) -> XUser:
        """The same by id, which stays when the handle changes."""
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
        """Pages of an account's posts, the newest first: those after `since_id`, and about `most` at most."""
        async for posts in self._pages(self._api.get_users_tweets, user_id, since_id, most, page, charge):
            yield posts

    async def mentions(
        self, user_id: str, *, since_id: str | None = None, most: int = 800, page: int = PAGE, charge: Charge = free
    ) -> AsyncIterator[list[XPost]]:
        """Pages of posts that mention the account, with their authors, the newest first."""
        more = {"expansions": ["author_id"]}
        async for posts in self._pages(self._api.get_users_mentions, user_id, since_id, most, page, charge, **more):
            yield posts

    async def look(self, ids: Sequence[str], charge: Charge = free, *, figures: bool = False) -> Looked:
        """Look which of these posts, at most 100, are still there. With `figures`, also what people made of them."""
        fields = [*_POST_FIELDS, "public_metrics"] if figures else _POST_FIELDS
        async with _paid(charge, len(ids)) as got:
            answer = await self._reading(self._api.get_tweets, list(ids), tweet_fields=fields)
            with records.readable():
                posts = [records.post(row) for row in answer.get("data") or []]
            got(len(posts))
        missing = set(ids) - {post.id for post in posts}
        gone = {records.resource(problem) for problem in records.problems(answer) if records.is_gone(problem)}
        return Looked(tuple(posts), frozenset(missing & gone))

    async def post(self, text: str, in_reply_to: str = "", picture: str = "") -> str:
        """Post `text`. Returns the id. After `InDoubt` the post may be there; after any other failure it is not.

        `picture` is the id that uploading one gave.
        """
        answer = await self._asking(
            self._api.create_tweet,
            text=text,
            in_reply_to_tweet_id=in_reply_to or None,
            media_ids=[picture] if picture else None,
        )
        return records.post(records.data(answer)).id

    async def upload(self, picture: bytes, description: str, url: str) -> str:
        """Upload a PNG for a post. Returns its id. Nothing is posted by this. Raises `Refused` if X refuses it."""
        from huggingtweets.remote.x_media import upload

        seconds = self._timeout_seconds
        call = partial(upload, picture, description, self._credentials, url=url, timeout_seconds=seconds)
        try:
            return await in_a_thread(call, "x-upload", 3 * seconds)
        except TimeoutError as error:
            raise NotReached(X, "the upload took too long") from error

    async def _one_user(self, by: Mapping[str, str]) -> XUser:
        answer = await self._reading(self._api.get_user, user_fields=_USER_FIELDS, **by)
        for problem in records.problems(answer):
            if records.is_gone(problem) and not answer.get("data"):
                suspended = "suspended" in str(problem.get("detail", "")).lower()
                raise (Forbidden if suspended else NotFound)(X, explained(problem, self._credentials))
        return records.user(records.data(answer))

    async def _pages(
        self,
        method: Method,
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
                with records.readable():
                    authors = {row["id"]: records.user(row) for row in answer.get("includes", {}).get("users", [])}
                    posts = [records.post(row, authors) for row in answer.get("data") or []]
                    token = answer.get("meta", {}).get("next_token")
                came(len(posts))
            if not posts:
                for problem in records.problems(answer):
                    if records.is_gone(problem):
                        raise Forbidden(X, explained(problem, self._credentials))
            got += len(posts)
            yield posts
            if not token:
                return

    async def _reading(self, method: Method, *arguments: object, **parameters: object) -> dict[str, Any]:
        return await self._patience.insist(lambda: self._asking(method, *arguments, **parameters))

    async def _asking(self, method: Method, *arguments: object, **parameters: object) -> dict[str, Any]:
        """One request through tweepy's method. Returns the answer as an object."""
        import aiohttp

        sent = {key: value for key, value in parameters.items() if value is not None}
        try:
            with records.readable():
                answer = await method(*arguments, user_auth=False, **sent)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(X, self._credentials.without(_why(error))) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise InDoubt(X, self._credentials.without(_why(error))) from error
        if not isinstance(answer, dict):
            raise InDoubt(X, "its answer is no object")
        return answer


def _why(error: BaseException) -> str:
    """A failure of the network, in a few words."""
    import aiohttp

    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "it took too long"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}: {error.os_error.strerror or error.os_error}"
    return f"{type(error).__name__}"

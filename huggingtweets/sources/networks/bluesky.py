"""The public posts of a Bluesky account, through the public AppView, which needs no key.

A repost is a retweet. A post's facets hide links behind short words; the addresses are put back, so that cleaning sees
them. Made after the lexicons app.bsky.actor.getProfile, app.bsky.feed.getAuthorFeed and app.bsky.richtext.facet.

Raises what `upstream` draws. Does not know where tweets are kept.
"""

import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp

from huggingtweets.core import dates
from huggingtweets.core.errors import Usage
from huggingtweets.core.records import Account, Collected, Said, Tweet
from huggingtweets.remote.upstream import InDoubt, NoAccount, NotReached, Patience, RateLimited, Refused
from huggingtweets.sources.networks.handles import bare_handle
from huggingtweets.sources.reading import fields

BLUESKY = "Bluesky"
API_URL = "https://public.api.bsky.app"
PAGE = 100
MAX_ANSWER_BYTES = 8 << 20
NOT_FOR_GUESTS = "!no-unauthenticated"  # a label: its owner asks not to be shown to people who are not signed in
# Labels of a host name, the last with a letter first: https://atproto.com/specs/handle
_HANDLE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE
)
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}", re.ASCII)
_LINK = "app.bsky.richtext.facet#link"
_REPOST = "app.bsky.feed.defs#reasonRepost"
_GONE = {
    "AccountTakedown": "is suspended",
    "AccountDeactivated": "is switched off by its owner",
}


def parse_handle(text: str) -> str:
    """`@Ann.bsky.social` in lower case, or a DID. Raises `Usage`, with a sentence for each kind of mistake."""
    handle = bare_handle(text, "bluesky", ("bsky.app",))
    if _DID.fullmatch(handle):
        return handle
    if "." not in handle:
        raise Usage(f"{text[:60]!r} is half a handle of Bluesky; write it whole, as in {handle[:60]}.bsky.social.")
    if len(handle) > 253 or not _HANDLE.fullmatch(handle):
        raise Usage(f"{text[:60]!r} is no handle of Bluesky: they are host names, such as ann.bsky.social.")
    return handle.lower()


class Bluesky:
    """The AppView. An async context manager."""

    def __init__(
        self,
        api_url: str = API_URL,
        *,
        timeout_seconds: float = 20.0,
        patience: Patience = Patience(),  # noqa: B008  frozen
    ):
        self._origin = api_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._session
        await self._session.close()

    async def read(self, handle: str, *, most: int) -> Collected:
        """The newest `most` posts of `handle`, which may be a DID. Raises `NoAccount` if there are none to read."""
        profile = await self._profile(handle)
        did = str(profile.get("did", ""))
        if not _DID.fullmatch(did):
            raise InDoubt(BLUESKY, "its profile has no DID")
        tweets: dict[str, Tweet] = {}
        cursors: set[str] = set()
        parameters = {"actor": did, "limit": str(PAGE), "filter": "posts_with_replies"}
        while True:
            page = await self._get("app.bsky.feed.getAuthorFeed", parameters, handle)
            for item in _list(page.get("feed")):
                tweet = _tweet(item, did)
                if tweet:
                    tweets.setdefault(tweet.id, tweet)
            cursor = page.get("cursor")
            # If a cursor came again, this would never end.
            if not isinstance(cursor, str) or not cursor or cursor in cursors or len(tweets) >= most:
                break
            cursors.add(cursor)
            parameters["cursor"] = cursor
        if not tweets:
            raise NoAccount(BLUESKY, handle, "has no posts", "choose an account that has posted")
        account = fields.account(profile.get("handle"), profile.get("displayName"), profile.get("avatar"))
        return Collected(account or Account(handle), tuple(tweets.values())[:most])

    async def _profile(self, handle: str) -> Mapping[str, Any]:
        profile = await self._get("app.bsky.actor.getProfile", {"actor": handle}, handle)
        if _is_not_for_guests(profile):
            why = "asks not to be shown to people who are not signed in"
            raise NoAccount(BLUESKY, handle, why, "ask its owner for an export of their posts")
        return profile

    async def _get(self, method: str, parameters: Mapping[str, str], handle: str) -> dict[str, Any]:
        return await self._patience.insist(lambda: self._asked(method, parameters, handle))

    async def _asked(self, method: str, parameters: Mapping[str, str], handle: str) -> dict[str, Any]:
        assert self._session, "used inside its context"
        try:
            async with self._session.get(
                f"{self._origin}/xrpc/{method}", params=parameters, allow_redirects=False
            ) as response:
                body = await response.content.read(MAX_ANSWER_BYTES + 1) if response.content else b""
                while len(body) <= MAX_ANSWER_BYTES and (more := await response.content.read(1 << 16)):
                    body += more
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(BLUESKY, type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise InDoubt(BLUESKY, type(error).__name__) from error
        answer = _object(body)
        if response.status == 200 and answer is not None:
            return answer
        if response.status == 429:
            raise RateLimited(BLUESKY, _reset(response.headers))
        if 400 <= response.status < 500:
            raise _meaning(handle, answer or {}, response.status)
        raise InDoubt(BLUESKY, f"status {response.status}" if response.status != 200 else "its answer cannot be read")


def source_of(did: str) -> str:
    """The mark of posts of this account: its DID, which stays when the handle changes."""
    return f"bluesky:{did}"


def _meaning(handle: str, answer: Mapping[str, Any], status: int) -> Refused | NoAccount:
    error, message = str(answer.get("error", "")), str(answer.get("message", ""))
    if error in _GONE:
        return NoAccount(BLUESKY, handle, _GONE[error], "its posts can only come from its owner")
    if "not found" in message.lower() or "not exist" in message.lower():
        mend = "check how the handle is written, or whether it was changed"
        return NoAccount(BLUESKY, handle, "is unknown", mend, gone=handle.startswith("did:"))
    explanation = " ".join(message.split())[:200] or error or str(status)
    return Refused(BLUESKY, f"Bluesky refuses the request ({explanation.rstrip('. ')}); check what was asked.")


def _tweet(item: object, did: str) -> Tweet | None:
    """An item of the feed as a tweet. None if it is neither a post nor a repost of this account."""
    post, reason = _dict(_dict(item).get("post")), _dict(_dict(item).get("reason"))
    record, author = _dict(post.get("record")), _dict(post.get("author"))
    uri, text = post.get("uri"), record.get("text")
    if not isinstance(uri, str) or not isinstance(text, str):
        return None
    if reason.get("$type") == _REPOST:
        by = str(author.get("handle", ""))
        shown, when = html.escape(f"RT @{by}: {text}", quote=False), dates.moment(reason.get("indexedAt"))
        return Tweet(f"repost:{uri}", shown, when, is_retweet=True, source=source_of(did))
    if author.get("did") != did:
        return None
    languages = _list(record.get("langs"))
    return Tweet(
        id=uri,
        # The text of a tweet is HTML-escaped, that of a post is not.
        text=html.escape(with_links(text, _list(record.get("facets"))), quote=False),
        created_at=_not_ahead(dates.moment(record.get("createdAt")), dates.moment(post.get("indexedAt"))),
        is_reply="reply" in record,
        lang=str(languages[0]) if languages else None,
        source=source_of(did),
        reply_to=_parent_of(record),
        said=_said(_dict(_dict(_dict(item).get("reply")).get("parent")), did),
    )


def _parent_of(record: Mapping[str, Any]) -> str:
    """The address of the post that a reply answers; empty for a post that is no reply."""
    uri = _dict(_dict(record.get("reply")).get("parent")).get("uri")
    return uri if isinstance(uri, str) else ""


def _said(parent: Mapping[str, Any], did: str) -> Said | None:
    """The post that a reply of `did` answers. None if it is their own, gone, or not for guests."""
    author, record = _dict(parent.get("author")), _dict(parent.get("record"))
    by, text = author.get("did"), record.get("text")
    if not isinstance(by, str) or not isinstance(text, str) or by == did or _is_not_for_guests(author):
        return None
    return Said(html.escape(with_links(text, _list(record.get("facets"))), quote=False), source_of(by))


def _is_not_for_guests(profile: Mapping[str, Any]) -> bool:
    """Returns True if an account asks not to be shown to people who are not signed in."""
    return any(_dict(label).get("val") == NOT_FOR_GUESTS for label in _list(profile.get("labels")))


def _not_ahead(written: datetime | None, indexed: datetime | None) -> datetime | None:
    """When a post was made. The client writes that, and some clients write a date in the future."""
    moments = [moment for moment in (written, indexed) if moment]
    return min([*moments, datetime.now(UTC)]) if moments else None


def with_links(text: str, facets: list[Any]) -> str:
    """`text` with addresses in place of the words that show links. Mentions and tags stay.

    Facets count bytes of UTF-8. A facet is ignored if it overlaps another one or cuts a character.
    """
    whole = text.encode("utf-8", "surrogatepass")
    end = len(whole)
    for start, stop, uri in sorted(_links(facets), reverse=True):
        if not 0 <= start < stop <= end:
            continue
        try:
            (whole[:start].decode(), whole[start:stop].decode(), whole[stop:].decode())
        except UnicodeDecodeError:
            continue
        whole, end = whole[:start] + uri.encode("utf-8", "replace") + whole[stop:], start
    return whole.decode("utf-8", "replace")


def _links(facets: list[Any]) -> list[tuple[int, int, str]]:
    links = []
    for facet in map(_dict, facets):
        index = _dict(facet.get("index"))
        start, stop = index.get("byteStart"), index.get("byteEnd")
        for feature in map(_dict, _list(facet.get("features"))):
            uri = feature.get("uri")
            if feature.get("$type") == _LINK and isinstance(uri, str) and uri.startswith(("http://", "https://")):
                if isinstance(start, int) and isinstance(stop, int):
                    links.append((start, stop, "".join(uri.split())))
                break
    return links


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body) if len(body) <= MAX_ANSWER_BYTES else None
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _reset(headers: Mapping[str, str]) -> datetime | None:
    seconds = headers.get("ratelimit-reset", "")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() and len(seconds) < 12 else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

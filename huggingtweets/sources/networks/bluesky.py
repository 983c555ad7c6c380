"""The public posts of a Bluesky account, through the public AppView, which needs no key.

A repost is a retweet. Made after the lexicons app.bsky.actor.getProfile and app.bsky.feed.getAuthorFeed.

Raises what `upstream` draws. Does not know where tweets are kept.
"""

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from huggingtweets.core.errors import Usage
from huggingtweets.core.records import Account, Collected, Said, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted
from huggingtweets.remote.upstream import InDoubt, NoAccount, Patience, RateLimited, Refused, limit_end
from huggingtweets.sources.archives.bluesky_posts import DID, escaped, source_of, tweet_of
from huggingtweets.sources.networks.handles import (
    ASK_ITS_OWNER,
    CHECK_THE_HANDLE,
    CHOOSE_WHO_HAS_POSTED,
    HOST,
    ONLY_FROM_ITS_OWNER,
    SUSPENDED,
    UNKNOWN,
    bare_handle,
    half_a_handle,
)
from huggingtweets.sources.networks.json_answers import JSONServers
from huggingtweets.sources.reading import fields

BLUESKY = "Bluesky"
PAGE = 100
NOT_FOR_GUESTS = "!no-unauthenticated"  # a label: its owner asks not to be shown to people who are not signed in
_REPOST = "app.bsky.feed.defs#reasonRepost"
_GONE = {
    "AccountTakedown": SUSPENDED,
    "AccountDeactivated": Phrase("is switched off by its owner"),
}


def parse_handle(text: str) -> str:
    """`@Ann.bsky.social` in lower case, or a DID. Raises `Usage`, with a sentence for each kind of mistake."""
    handle = bare_handle(text, "bluesky", ("bsky.app",))
    if DID.fullmatch(handle):
        return handle
    if "." not in handle:
        raise half_a_handle(text, BLUESKY, f"{handle[:60]}.bsky.social")
    if len(handle) > 253 or not HOST.fullmatch(handle):
        raise Usage(
            Phrase(
                "{handle} is no handle of Bluesky: they are host names, such as ann.bsky.social.", handle=quoted(text)
            )
        )
    return handle.lower()


class Bluesky:
    """The AppView at `api_url`."""

    def __init__(self, servers: JSONServers, api_url: str, patience: Patience):
        self._servers, self._origin, self._patience = servers, api_url.rstrip("/"), patience

    async def read(self, handle: str, *, most: int) -> Collected:
        """The newest `most` posts of `handle`, which may be a DID. Raises `NoAccount` if there are none to read."""
        profile = await self._profile(handle)
        did = str(profile.get("did", ""))
        if not DID.fullmatch(did):
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
            raise NoAccount(BLUESKY, handle, Phrase("has no posts"), CHOOSE_WHO_HAS_POSTED)
        account = fields.account(profile.get("handle"), profile.get("displayName"), profile.get("avatar"))
        return Collected(account or Account(handle), tuple(tweets.values())[:most])

    async def _profile(self, handle: str) -> Mapping[str, Any]:
        profile = await self._get("app.bsky.actor.getProfile", {"actor": handle}, handle)
        if _is_not_for_guests(profile):
            why = Phrase("asks not to be shown to people who are not signed in")
            raise NoAccount(BLUESKY, handle, why, ASK_ITS_OWNER)
        return profile

    async def _get(self, method: str, parameters: Mapping[str, str], handle: str) -> dict[str, Any]:
        return await self._patience.insist(lambda: self._asked(method, parameters, handle))

    async def _asked(self, method: str, parameters: Mapping[str, str], handle: str) -> dict[str, Any]:
        answer = await self._servers.ask(f"{self._origin}/xrpc/{method}", parameters)
        if answer.status == 200 and isinstance(answer.value, dict):
            return answer.value
        if answer.status == 429:
            raise RateLimited(BLUESKY, _reset(answer.headers))
        if 400 <= answer.status < 500:
            raise _meaning(handle, _dict(answer.value), answer.status)
        raise self._servers.in_doubt(answer)


def _meaning(handle: str, answer: Mapping[str, Any], status: int) -> Refused | NoAccount:
    error, message = str(answer.get("error", "")), str(answer.get("message", ""))
    if error in _GONE:
        return NoAccount(BLUESKY, handle, _GONE[error], ONLY_FROM_ITS_OWNER)
    if "not found" in message.lower() or "not exist" in message.lower():
        return NoAccount(BLUESKY, handle, UNKNOWN, CHECK_THE_HANDLE, gone=handle.startswith("did:"))
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
    tweet = tweet_of(record, uri, did)
    if tweet is None:
        return None
    return replace(
        tweet,
        created_at=_not_ahead(tweet.created_at, dates.moment(post.get("indexedAt"))),
        said=_said(_dict(_dict(_dict(item).get("reply")).get("parent")), did),
    )


def _said(parent: Mapping[str, Any], did: str) -> Said | None:
    """The post that a reply of `did` answers. None if it is their own, gone, or not for guests."""
    author, record = _dict(parent.get("author")), _dict(parent.get("record"))
    by, text = author.get("did"), record.get("text")
    if not isinstance(by, str) or not isinstance(text, str) or by == did or _is_not_for_guests(author):
        return None
    return Said(escaped(record), source_of(by))


def _is_not_for_guests(profile: Mapping[str, Any]) -> bool:
    """Returns True if an account asks not to be shown to people who are not signed in."""
    return any(_dict(label).get("val") == NOT_FOR_GUESTS for label in _list(profile.get("labels")))


def _not_ahead(written: datetime | None, indexed: datetime | None) -> datetime | None:
    """When a post was made. The client writes that, and some clients write a date in the future."""
    moments = [moment for moment in (written, indexed) if moment]
    return min([*moments, datetime.now(UTC)]) if moments else None


def _reset(headers: Mapping[str, str]) -> datetime | None:
    return limit_end(headers.get("ratelimit-reset", ""))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

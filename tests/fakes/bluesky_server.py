"""Bluesky's public AppView on loopback: profiles and author feeds as in its lexicons, and failures on demand."""

import json
import time
from typing import Any, Self

from aiohttp import web

from tests.fakes.moods import Moody, Trouble, listening

LINK = "app.bsky.richtext.facet#link"
FEED, PROFILE = ("GET", "/xrpc/app.bsky.feed.getAuthorFeed"), ("GET", "/xrpc/app.bsky.actor.getProfile")


class BlueskyServer(Moody):
    """The server, an async context manager. `url` is its address."""

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, dict[str, Any]] = {}
        self.feeds: dict[str, list[dict[str, Any]]] = {}
        self.errors: dict[str, str] = {}
        self.turns_for_ever = False
        self._count = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/xrpc/{method}", self._answer)])
        self._runner, self.url = await listening(app)
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    def add_profile(self, handle: str, *labels: str, **more: Any) -> str:
        """Add an account. Returns its DID."""
        did = f"did:plc:{handle.replace('.', '')}"
        profile = {"did": did, "handle": handle, "displayName": handle.title(), "avatar": f"https://cdn.example/{did}"}
        self.profiles[did] = profile | {"labels": [{"val": label, "src": did} for label in labels]} | more
        self.feeds[did] = []
        return did

    def add_post(self, did: str, text: str, *, reposted_by: str = "", **record: Any) -> str:
        """Add a post. Returns its URI. It comes first in the feed of its author, or of the account that reposts it."""
        self._count += 1
        uri = f"at://{did}/app.bsky.feed.post/{self._count}"
        when = f"2026-01-{1 + self._count // 1000 % 28:02}T00:{self._count // 60 % 60:02}:{self._count % 60:02}.000Z"
        profile = self.profiles[did]
        author = {key: profile[key] for key in ("did", "handle", "displayName", "avatar", "labels")}
        written = {"$type": "app.bsky.feed.post", "text": text, "createdAt": when, "langs": ["en"]} | record
        post = {"uri": uri, "cid": f"bafy{self._count}", "author": author, "record": written, "indexedAt": when}
        item: dict[str, Any] = {"post": post}
        if reposted_by:
            item["reason"] = {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": when}
        self.feeds[reposted_by or did].insert(0, item)
        return uri

    def answer(self, did: str, text: str, parent: str) -> str:
        """Add a reply to the post with the URI `parent`, which may be gone. Returns its URI."""
        uri = self.add_post(did, text, reply={"parent": {"uri": parent}, "root": {"uri": parent}})
        posts = [item["post"] for feed in self.feeds.values() for item in feed if item["post"]["uri"] == parent]
        shown = posts[0] if posts else {"$type": "app.bsky.feed.defs#notFoundPost", "uri": parent, "notFound": True}
        self.feeds[did][0]["reply"] = {"parent": shown, "root": shown}
        return uri

    async def _answer(self, request: web.Request) -> web.Response:
        return await self.answered(request, self._done)

    async def _done(self, request: web.Request) -> web.Response:
        actor = request.query["actor"]
        profiles = [profile for profile in self.profiles.values() if actor in (profile["did"], profile["handle"])]
        if error := self.errors.get(actor):
            return _refused(error, "Account has been suspended")
        if not profiles:
            return _refused("InvalidRequest", "Profile not found")
        if request.path == PROFILE[1]:
            return web.json_response(profiles[0])
        return self._page(profiles[0]["did"], request)

    def _page(self, did: str, request: web.Request) -> web.Response:
        limit, start = int(request.query["limit"]), int(request.query.get("cursor", 0))
        assert 1 <= limit <= 100, "the lexicon's bounds"
        page: dict[str, Any] = {"feed": self.feeds[did][start : start + limit]}
        if self.turns_for_ever:
            page |= {"feed": self.feeds[did][:limit], "cursor": "0"}
        elif start + limit < len(self.feeds[did]):
            page["cursor"] = str(start + limit)
        return web.json_response(page)


def limited(method: str, path: str, seconds: int) -> Trouble:
    """The next request comes too early by so many seconds."""
    headers = {"ratelimit-reset": str(int(time.time()) + seconds), "ratelimit-remaining": "0"}
    body = '{"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}'
    return Trouble(method, path, 429, body, headers=headers)


def _refused(error: str, message: str) -> web.Response:
    return web.Response(
        status=400, text=json.dumps({"error": error, "message": message}), content_type="application/json"
    )

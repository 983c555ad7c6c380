"""A Mastodon server on loopback: an account, its timeline, mentions, posting with idempotency keys, and failures.

As the real one it takes any number of posts with the same text, shows them as HTML, and knows a key for an hour, but
only once the post is made: two requests at the same time make two posts.
"""

import html
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

from tests.fakes.moods import Moody, RandomMood, listening

TOKEN = "token-SECRET"
REMEMBERED_SECONDS = 3_600


class MastodonServer(Moody):
    """The server, an async context manager. `url` is its address. The account of `TOKEN` has the id 12."""

    def __init__(self, mood: RandomMood | None = None) -> None:
        super().__init__(mood)
        self.accounts: dict[str, dict[str, Any]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.notifications: list[dict[str, Any]] = []
        self.max_characters = 500
        self.forgets_keys = False
        self.has_token = True
        self.shows_guests = False
        self.webfinger: dict[str, Any] | None = None
        self._made: dict[str, tuple[float, dict[str, Any]]] = {}
        self._shown_from: dict[str, float] = {}
        self._next_id = 0
        self._runner: web.AppRunner | None = None
        self.add_account("12", "thebot", bot=True)

    async def __aenter__(self) -> Self:
        app = web.Application()
        routes = [
            ("GET", "/api/v1/accounts/verify_credentials", self._me, False),
            ("PATCH", "/api/v1/accounts/update_credentials", self._update, False),
            ("GET", "/api/v1/accounts/lookup", self._lookup, False),
            ("GET", "/api/v1/accounts/{id}/statuses", self._timeline, False),
            ("GET", "/api/v1/statuses/{id}", self._status, False),
            ("GET", "/api/v1/statuses/{id}/context", self._context, False),
            ("GET", "/api/v1/notifications", self._mentions, False),
            ("GET", "/.well-known/webfinger", self._webfinger, False),
            ("GET", "/api/v1/instance/", self._instance_v1, False),
            ("GET", "/api/v2/instance/", self._instance, False),
            ("POST", "/api/v1/statuses", self._create, True),
        ]
        for method, path, handler, writes in routes:
            app.router.add_route(method, path, self._route(handler, writes))
        self._runner, self.url = await listening(app)
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    def add_account(self, number: str, acct: str, **more: Any) -> dict[str, Any]:
        account = {"id": number, "username": acct.partition("@")[0], "acct": acct, "display_name": acct.title()}
        account |= {"note": "", "bot": False, "url": f"https://example/@{acct}", "avatar": ""} | more
        self.accounts[number] = account
        return account

    def add_status(self, author: str, text: str, lag_seconds: float = 0.0, **more: Any) -> dict[str, Any]:
        self._next_id = max(self._next_id + 1, int(time.time() * 1_000) << 16)
        made = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        status = {
            "id": str(self._next_id),
            "created_at": made,
            "account": self.accounts[author],
            "content": _html(text),
        }
        status |= {"visibility": "public", "in_reply_to_id": None, "spoiler_text": "", "reblog": None}
        status |= {"favourites_count": 0, "reblogs_count": 0, "replies_count": 0, "said": text} | more
        self.statuses.append(status)
        self._shown_from[status["id"]] = time.monotonic() + lag_seconds
        return status

    def mention(self, text: str, author: str = "5", **more: Any) -> dict[str, Any]:
        """Somebody mentions the account. Returns their post."""
        status = self.add_status(author, text, **more)
        notification = {"id": str(len(self.notifications) + 1), "type": "mention", "status": status}
        self.notifications.append(notification | {"account": status["account"], "created_at": status["created_at"]})
        return status

    def texts(self, author: str = "12") -> list[str]:
        """What an account has said, the oldest first."""
        return [status["said"] for status in self.statuses if status["account"]["id"] == author]

    def _route(self, handler: Any, writes: bool) -> Any:
        async def signed(request: web.Request) -> web.Response:
            public = request.path.endswith(("/lookup", "/instance/", "/webfinger"))
            public = public or (self.shows_guests and request.path.endswith("/statuses"))
            if not public and (not self.has_token or request.headers.get("Authorization") != f"Bearer {TOKEN}"):
                return web.json_response({"error": "The access token is invalid"}, status=401)
            return await handler(request)  # type: ignore[no-any-return]

        async def route(request: web.Request) -> web.Response:
            return await self.answered(request, signed, writes=writes)

        return route

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response(self.accounts["12"])

    async def _update(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.accounts["12"]["bot"] = str(form["bot"]).lower() in ("1", "true")
        return web.json_response(self.accounts["12"])

    async def _lookup(self, request: web.Request) -> web.Response:
        for account in self.accounts.values():
            if account["acct"] == request.query["acct"]:
                return web.json_response(account)
        return web.json_response({"error": "Record not found"}, status=404)

    async def _create(self, request: web.Request) -> web.Response:
        form = await request.post()
        key = request.headers.get("Idempotency-Key", "")
        at, before = self._made.get(key, (0.0, None))
        if before and time.time() - at < REMEMBERED_SECONDS and not self.forgets_keys:
            return web.json_response(before)
        text, warning = str(form["status"]), str(form.get("spoiler_text", ""))
        if len(text) + len(warning) > self.max_characters:
            fault = f"Validation failed: Text character limit of {self.max_characters} exceeded"
            return web.json_response({"error": fault}, status=422)
        answered = form.get("in_reply_to_id")
        if answered and not any(status["id"] == answered for status in self.statuses):
            return web.json_response({"error": "The post you are replying to does not exist"}, status=404)
        lag = self.mood.lag_seconds * self.mood.chance.random() if self.mood else 0.0
        more = {"visibility": str(form["visibility"]), "spoiler_text": warning, "in_reply_to_id": answered}
        status = self.add_status("12", text, lag, **more)
        self._made[key] = time.time(), status
        return web.json_response(status)

    def forget_keys_after(self, seconds: float) -> None:
        """Let time pass for the keys."""
        self._made = {key: (at - seconds, status) for key, (at, status) in self._made.items()}

    async def _timeline(self, request: web.Request) -> web.Response:
        since, now = int(request.query.get("since_id", 0)), time.monotonic()
        before = int(request.query.get("max_id", 1 << 80))
        for_guests = "Authorization" not in request.headers
        rows = [
            status
            for status in reversed(self.statuses)
            if status["account"]["id"] == request.match_info["id"]
            and since < int(status["id"]) < before
            and (not for_guests or status["visibility"] in ("public", "unlisted"))
            and self._shown_from[status["id"]] <= now
        ]
        return web.json_response(rows[: int(request.query["limit"])])

    async def _status(self, request: web.Request) -> web.Response:
        for status in self.statuses:
            if status["id"] == request.match_info["id"]:
                return web.json_response(status)
        return web.json_response({"error": "Record not found"}, status=404)

    async def _context(self, request: web.Request) -> web.Response:
        by_id = {status["id"]: status for status in self.statuses}
        ancestors: list[dict[str, Any]] = []
        status = by_id[request.match_info["id"]]
        while status["in_reply_to_id"] in by_id:
            status = by_id[status["in_reply_to_id"]]
            ancestors.insert(0, status)
        return web.json_response({"ancestors": ancestors, "descendants": []})

    async def _mentions(self, request: web.Request) -> web.Response:
        assert request.query.getall("types[]") == ["mention"]
        limit = int(request.query["limit"])
        if "min_id" not in request.query:
            return web.json_response(self.notifications[::-1][:limit])
        newer = [row for row in self.notifications if int(row["id"]) > int(request.query["min_id"])]
        return web.json_response(newer[:limit][::-1])

    async def _webfinger(self, request: web.Request) -> web.Response:
        if self.webfinger is None:
            return web.Response(status=404, text="<html>Not found</html>", content_type="text/html")
        return web.json_response(self.webfinger | {"subject": request.query["resource"]})

    async def _instance(self, request: web.Request) -> web.Response:
        limits = {"statuses": {"max_characters": self.max_characters}}
        return web.json_response({"domain": "example", "version": "4.5.0", "configuration": limits})

    async def _instance_v1(self, request: web.Request) -> web.Response:
        limits = {"statuses": {"max_characters": self.max_characters}}
        return web.json_response({"uri": "example", "version": "4.5.0", "configuration": limits})


def refusals() -> list[tuple[int, str, dict[str, str]]]:
    """How Mastodon refuses: a limit with and without its end."""
    limited = json.dumps({"error": "Too many requests"})
    ends = (datetime.now(UTC) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": ends}
    return [(429, limited, headers), (429, limited, {})]


def _html(text: str) -> str:
    """A text as Mastodon shows it: escaped, with links for the names and tags in it."""
    shown = html.escape(text, quote=False)
    shown = re.sub(
        r"@([\w.]+)(?:@[\w.]+\w)?",
        r'<span class="h-card"><a href="https://example/@\1" class="u-url mention">@<span>\1</span></a></span>',
        shown,
    )
    shown = re.sub(
        r"#(\w+)", r'<a href="https://example/tags/\1" class="mention hashtag" rel="tag">#<span>\1</span></a>', shown
    )
    return f"<p>{shown}</p>"

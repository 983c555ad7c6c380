"""The server of a Bluesky account on loopback: sessions that end, records by their keys, notifications, and failures.

As the real one it takes any number of posts with the same text, and writes a record twice under one key as one.
`records` are what is there, `written` every write that was carried out.
"""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from tests.fakes.moods import Moody, RandomMood, listening

HANDLE, PASSWORD, DID = "thebot.bsky.example", "abcd-efgh-SECRET", "did:plc:thebot234567abcdefghijkl"
POSTS, PROFILE = "app.bsky.feed.post", "app.bsky.actor.profile"
POINTS = 5_000


class BlueskyHome(Moody):
    """The server, an async context manager. `url` is its address."""

    def __init__(self, mood: RandomMood | None = None) -> None:
        super().__init__(mood)
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.written: list[tuple[str, dict[str, Any]]] = []
        self.others: dict[str, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.points_left = POINTS
        self.session_seconds = 7_200
        self.sessions = 0
        self._valid = ""
        self._runner: web.AppRunner | None = None
        self.set_profile("bot")

    async def __aenter__(self) -> Self:
        app = web.Application()
        self._methods = {
            "com.atproto.server.createSession": self._create_session,
            "com.atproto.server.refreshSession": self._refresh_session,
            "com.atproto.repo.getRecord": self._get_record,
            "com.atproto.repo.putRecord": self._put_record,
            "app.bsky.feed.getPosts": self._get_posts,
            "app.bsky.notification.listNotifications": self._list_notifications,
            "app.bsky.actor.getProfile": self._get_profile,
        }
        app.add_routes([web.route("*", "/xrpc/{method}", self._answer)])
        self._runner, self.url = await listening(app)
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    def set_profile(self, *labels: str, **more: Any) -> None:
        values = [{"val": label} for label in labels]
        record: dict[str, Any] = {"$type": PROFILE, "displayName": "The Bot", "description": ""} | more
        if values:
            record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
        self.records[PROFILE, "self"] = record

    def texts(self) -> list[str]:
        """The texts of the account's posts, by their keys, which sort by time."""
        return [record["text"] for (kind, _), record in sorted(self.records.items()) if kind == POSTS]

    def end_session(self) -> None:
        self._valid = ""

    def mention(self, text: str, *, handle: str = "cat.example", number: int = 0, **more: Any) -> str:
        """Somebody mentions the account. Returns the address of their post."""
        number = number or len(self.notifications) + 1
        author = {"did": f"did:plc:{handle.replace('.', '')}", "handle": handle, "displayName": handle.title()}
        uri = f"at://{author['did']}/{POSTS}/3k{number:011}"
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"$type": POSTS, "text": text, "createdAt": now} | more.pop("record", {})
        shown = {"uri": uri, "cid": f"bafycid{number}", "author": author | more.pop("author", {}), "record": record}
        row = shown | {"reason": "mention", "indexedAt": now, "isRead": False} | more
        self.notifications.insert(0, row)
        self.others[uri] = shown | {"indexedAt": now}
        return uri

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method not in self._methods:
            return _refused(501, "MethodNotImplemented", method)
        return await self.answered(request, self._methods[method], writes=method.endswith("putRecord"))

    async def _create_session(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if (asked.get("identifier"), asked.get("password")) != (HANDLE, PASSWORD):
            return _refused(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._new_session()

    async def _refresh_session(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self._valid.replace('access', 'refresh')}":
            return _refused(400, "ExpiredToken", "Token has been revoked")
        return self._new_session()

    def _new_session(self) -> web.Response:
        self.sessions += 1
        ends = int(time.time()) + self.session_seconds
        self._valid = _token({"scope": "access", "n": self.sessions, "exp": ends})
        refresh = self._valid.replace("access", "refresh")
        return web.json_response({"did": DID, "handle": HANDLE, "accessJwt": self._valid, "refreshJwt": refresh})

    def _unsigned(self, request: web.Request) -> web.Response | None:
        if self._valid and request.headers.get("Authorization") == f"Bearer {self._valid}":
            return None
        return _refused(400, "ExpiredToken", "Token has expired")

    async def _get_record(self, request: web.Request) -> web.Response:
        collection, key = request.query["collection"], request.query["rkey"]
        record = self.records.get((collection, key))
        if not record or request.query["repo"] not in (DID, HANDLE):
            return _refused(400, "RecordNotFound", f"Could not locate record: at://{DID}/{collection}/{key}")
        return web.json_response({"uri": f"at://{DID}/{collection}/{key}", "cid": _cid(record), "value": record})

    async def _put_record(self, request: web.Request) -> web.Response:
        if refusal := self._unsigned(request):
            return refusal
        if self.points_left < 3:
            return _refused(429, "RateLimitExceeded", "Rate Limit Exceeded", self._limits())
        body = await request.json()
        assert request.content_type == "application/json"
        where, record = (body["collection"], body["rkey"]), body["record"]
        assert body["repo"] == DID
        if fault := _fault(body["collection"], body["rkey"], record):
            return _refused(400, "InvalidRequest", fault)
        before = self.records.get(where)
        if "swapRecord" in body and (not before or body["swapRecord"] != _cid(before)):
            return _refused(400, "InvalidSwap", "Record was at another version")
        self.points_left -= 2 if before else 3
        self.records[where] = record
        shown = {"uri": f"at://{DID}/{where[0]}/{where[1]}", "cid": _cid(record), "record": record}
        self.others[shown["uri"]] = shown | {"likeCount": 0, "repostCount": 0, "quoteCount": 0, "replyCount": 0}
        self.written.append((body["rkey"], record))
        uri = f"at://{DID}/{where[0]}/{where[1]}"
        return web.json_response({"uri": uri, "cid": _cid(record)}, headers=self._limits())

    def _limits(self) -> dict[str, str]:
        return {"ratelimit-remaining": str(self.points_left), "ratelimit-reset": str(int(time.time()) + 3_600)}

    async def _get_posts(self, request: web.Request) -> web.Response:
        if refusal := self._unsigned(request):
            return refusal
        uris = request.query.getall("uris")
        assert len(uris) <= 25
        return web.json_response({"posts": [self.others[uri] for uri in uris if uri in self.others]})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        if refusal := self._unsigned(request):
            return refusal
        limit, start = int(request.query["limit"]), int(request.query.get("cursor", 0))
        assert 1 <= limit <= 100
        rows = [row for row in self.notifications if row["reason"] in request.query.getall("reasons")]
        page: dict[str, Any] = {"notifications": rows[start : start + limit]}
        if start + limit < len(rows):
            page["cursor"] = str(start + limit)
        return web.json_response(page)

    async def _get_profile(self, request: web.Request) -> web.Response:
        record = self.records[PROFILE, "self"]
        labels = [{"val": value["val"], "src": DID} for value in (record.get("labels") or {}).get("values", [])]
        texts = {"displayName": record["displayName"], "description": record["description"]}
        return web.json_response({"did": DID, "handle": HANDLE, "labels": labels} | texts)


def refusals() -> list[tuple[int, str, dict[str, str]]]:
    """How Bluesky refuses: a limit with and without its end, and a session that has ended."""
    limited = json.dumps({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"})
    expired = json.dumps({"error": "ExpiredToken", "message": "Token has expired"})
    return [(429, limited, {"ratelimit-reset": str(int(time.time()) + 1)}), (429, limited, {}), (400, expired, {})]


def _fault(collection: str, key: str, record: dict[str, Any]) -> str:
    """What Bluesky would not take of a record; empty if it takes it."""
    if record.get("$type") != collection:
        return "the record has another type"
    if collection != POSTS:
        return ""
    if len(key) != 13 or set(key) - set("234567abcdefghijklmnopqrstuvwxyz"):
        return "the key of a post is a TID"
    text = record["text"].encode()
    if len(text) > 3_000:
        return "too long"
    for facet in record.get("facets", []):
        start, stop = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not 0 <= start < stop <= len(text):
            return "a facet outside of the text"
    reply = record.get("reply")
    if reply and not all(reply[end].get("uri") and reply[end].get("cid") for end in ("root", "parent")):
        return "a reply refers to root and parent"
    return ""


def _cid(record: dict[str, Any]) -> str:
    return f"bafy{abs(hash(json.dumps(record, sort_keys=True)))}"


def _token(payload: dict[str, Any]) -> str:
    parts = [{"alg": "none"}, payload]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "access"]
    )


def _refused(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": error, "message": message}, status=status, headers=headers)

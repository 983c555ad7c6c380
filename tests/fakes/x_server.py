"""X on loopback: accounts, timelines, mentions and posting as in API v2, and failures on demand.

It checks signatures, refuses duplicates, counts limits, and puts whom a reply answers before its text, as X does. In a
random mood it shows a new post on the timeline only after a while. `answers` keeps what it sent, to be held against X's
own description.
"""

import html
import json
import random
import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any, Self

from aiohttp import web
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth1.rfc5849 import signature

from huggingtweets.remote.x_session import Credentials
from tests.fakes.moods import Moody, RandomMood, Trouble, listening

KEYS = Credentials(
    consumer_key="consumer-key",
    consumer_secret="consumer-SECRET",
    access_token="12-access-token",
    access_token_secret="access-SECRET",
)
BEARER = Credentials(bearer_token="AAAA-bearer-SECRET")
PROBLEMS = "https://api.twitter.com/2/problems"
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Sent:
    """One answer: its route, status and body."""

    method: str
    route: str
    status: int
    body: Any


class XServer(Moody):
    """The server, an async context manager. `url` is its address. The account of `KEYS` has the id 12."""

    def __init__(self, mood: RandomMood | None = None, *, refuses_duplicates: bool = True) -> None:
        super().__init__(mood)
        self.refuses_duplicates = refuses_duplicates
        self.users: dict[str, dict[str, Any]] = {}
        self.suspended: set[str] = set()
        self.posts: list[dict[str, Any]] = []
        self.answers: list[Sent] = []
        self.metrics: dict[str, dict[str, int]] = {}
        self.most_back = 3_200
        self.pictures: dict[str, dict[str, Any]] = {}
        self._shown_from: dict[str, float] = {}
        self._next_id = 0
        self._runner: web.AppRunner | None = None
        self.add_user("12", "thebot", description="Parody. Automated.")

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/2/users/me", self._me),
                web.get("/2/users/by/username/{username}", self._user_by_handle),
                web.get("/2/users/{id}", self._user_by_id),
                web.get("/2/users/{id}/tweets", self._timeline),
                web.get("/2/users/{id}/mentions", self._mentions),
                web.get("/2/tweets", self._look),
                web.post("/2/tweets", self._create),
                web.post("/1.1/media/upload.json", self._upload),
                web.post("/1.1/media/metadata/create.json", self._describe),
            ]
        )
        self._runner, self.url = await listening(app)
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    def add_user(self, user_id: str, handle: str, **more: Any) -> dict[str, Any]:
        user = {"id": user_id, "username": handle, "name": handle.title(), "description": "", "protected": False}
        user |= {"profile_image_url": f"https://pbs.example/{handle}.jpg"} | more
        self.users[user_id] = user
        return user

    def add_post(self, author_id: str, text: str, lag_seconds: float = 0.0, **more: Any) -> dict[str, Any]:
        # As X's ids: milliseconds since November 2010 in the upper bits, a count in the lower ones.
        self._next_id = max(self._next_id + 1, (int(time.time() * 1_000) - 1_288_834_974_657) << 22)
        post_id = str(self._next_id)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        post = {"id": post_id, "text": text, "author_id": author_id, "created_at": now, "lang": "en"}
        post |= {"conversation_id": post_id, "edit_history_tweet_ids": [post_id]} | more
        self.metrics.setdefault(post_id, {"like_count": 0, "retweet_count": 0, "quote_count": 0, "reply_count": 0})
        self.posts.append(post)
        self._shown_from[post_id] = time.monotonic() + lag_seconds
        return post

    def texts(self, author_id: str = "12") -> list[str]:
        """The posts of an account, oldest first."""
        return [post["text"] for post in self.posts if post["author_id"] == author_id]

    async def _create(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, "/2/tweets", self._created, writes=True)

    async def _created(self, request: web.Request) -> tuple[int, Any]:
        body = await request.json()
        text = html.escape(unicodedata.normalize("NFC", " ".join(body["text"].split())), quote=False)
        reply_to = body.get("reply", {}).get("in_reply_to_tweet_id")
        text = self._answered_by(reply_to) + text
        recent = self.texts()[-1_000:]
        if text in recent and self.refuses_duplicates:
            return 403, problem(403, "You are not allowed to create a Tweet with duplicate content.")
        lag = self.mood.lag_seconds * random.random() if self.mood else 0.0
        more: dict[str, Any] = {}
        if media := body.get("media"):
            assert set(media["media_ids"]) <= set(self.pictures), "X refuses pictures that it does not have"
            more["attachments"] = {"media_keys": [f"3_{number}" for number in media["media_ids"]]}
        if reply_to:
            more["referenced_tweets"] = [{"type": "replied_to", "id": reply_to}]
        post = self.add_post("12", text, lag, **more)
        return 201, {"data": {"id": post["id"], "text": text, "edit_history_tweet_ids": [post["id"]]}}

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        async def uploaded(_: web.Request) -> tuple[int, Any]:
            # aiohttp reads a form only once, and this request was read before.
            head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
            parts = message_from_bytes(head + await request.read()).walk()
            media = next(part for part in parts if part.get_param("name", header="content-disposition") == "media")
            number = str(1_000 + len(self.pictures))
            self.pictures[number] = {"content": media.get_payload(decode=True), "description": ""}
            return 200, {"media_id": int(number), "media_id_string": number, "size": 1, "expires_after_secs": 86_400}

        return await self._answered(request, "/1.1/media/upload.json", uploaded)

    async def _describe(self, request: web.Request) -> web.StreamResponse:
        async def described(_: web.Request) -> tuple[int, Any]:
            told = await request.json()
            self.pictures[told["media_id"]]["description"] = told["alt_text"]["text"]
            return 200, {}

        return await self._answered(request, "/1.1/media/metadata/create.json", described)

    def _answered_by(self, reply_to: str | None) -> str:
        """The names before the text of a reply: the author of the post it answers, and those that this post names."""
        answered = next((post for post in self.posts if post["id"] == reply_to), None)
        if not answered:
            return ""
        author = self.users[answered["author_id"]]["username"]
        names = dict.fromkeys([author, *re.findall(r"@(\w+)", answered["text"])])
        return "".join(f"@{name} " for name in names if name.lower() != self.users["12"]["username"])

    async def _me(self, request: web.Request) -> web.StreamResponse:
        async def me(_: web.Request) -> tuple[int, Any]:
            return 200, {"data": self.users["12"]}

        return await self._answered(request, "/2/users/me", me)

    async def _user_by_handle(self, request: web.Request) -> web.StreamResponse:
        async def account(_: web.Request) -> tuple[int, Any]:
            handle = request.match_info["username"]
            user = next((user for user in self.users.values() if user["username"].lower() == handle.lower()), None)
            return 200, self._user(user, "username", handle)

        return await self._answered(request, "/2/users/by/username/{username}", account)

    async def _user_by_id(self, request: web.Request) -> web.StreamResponse:
        async def account(_: web.Request) -> tuple[int, Any]:
            return 200, self._user(self.users.get(request.match_info["id"]), "id", request.match_info["id"])

        return await self._answered(request, "/2/users/{id}", account)

    def _user(self, user: dict[str, Any] | None, parameter: str, asked: str) -> Any:
        if user and user["id"] not in self.suspended:
            return {"data": user}
        what = f"User has been suspended: [{asked}]." if user else f"Could not find user with {parameter}: [{asked}]."
        return {"errors": [_gone(what, "user", parameter, asked)]}

    async def _timeline(self, request: web.Request) -> web.StreamResponse:
        async def read(_: web.Request) -> tuple[int, Any]:
            user_id = request.match_info["id"]
            if self.users.get(user_id, {}).get("protected"):
                return 200, {"errors": [_unauthorized("user", "id", user_id)]}
            posts = [post for post in self._visible() if post["author_id"] == user_id]
            return 200, _page(request, posts[: self.most_back])

        return await self._answered(request, "/2/users/{id}/tweets", read)

    async def _mentions(self, request: web.Request) -> web.StreamResponse:
        async def read(_: web.Request) -> tuple[int, Any]:
            name = f"@{self.users[request.match_info['id']]['username']}".lower()
            page = _page(request, [post for post in self._visible() if name in post["text"].lower()])
            authors = {post["author_id"] for post in page.get("data", [])}
            if authors:
                page["includes"] = {"users": [self.users[author] for author in sorted(authors)]}
            return 200, page

        return await self._answered(request, "/2/users/{id}/mentions", read)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        async def looked(_: web.Request) -> tuple[int, Any]:
            ids = request.query["ids"].split(",")
            there = {post["id"]: post for post in self.posts}
            answer: dict[str, Any] = {}
            if found := [there[one] for one in ids if one in there and not self._hidden(there[one])]:
                with_figures = "public_metrics" in request.query.get("tweet.fields", "")
                answer["data"] = [
                    post | ({"public_metrics": self.metrics[post["id"]]} if with_figures else {}) for post in found
                ]
            errors = [
                _gone(f"Could not find tweet with ids: [{one}].", "tweet", "ids", one)
                for one in ids
                if one not in there
            ]
            errors += [_unauthorized("tweet", "ids", one) for one in ids if one in there and self._hidden(there[one])]
            return 200, answer | ({"errors": errors} if errors else {})

        return await self._answered(request, "/2/tweets", looked)

    def _hidden(self, post: Mapping[str, Any]) -> bool:
        author = self.users[post["author_id"]]
        return bool(author["protected"]) or author["id"] in self.suspended

    def _visible(self) -> list[dict[str, Any]]:
        """The visible posts, newest first."""
        now = time.monotonic()
        return [post for post in reversed(self.posts) if self._shown_from[post["id"]] <= now]

    async def _answered(
        self, request: web.Request, route: str, answer: Any, *, writes: bool = False
    ) -> web.StreamResponse:
        async def respond(request: web.Request) -> web.Response:
            status, body = _unsigned(request) or await answer(request)
            self.answers.append(Sent(request.method, route, status, body))
            return web.json_response(body, status=status)

        if _unsigned(request):  # X looks at signatures first
            self.requests.append(f"{request.method} {request.path}")
            return await respond(request)
        response = await self.answered(request, respond, writes=writes)
        if response.content_type == PROBLEM_TYPE:
            self.answers.append(Sent(request.method, route, response.status, json.loads(response.body or b"")))
        return response


def refusing(method: str, path: str, status: int, detail: str, **more: Any) -> Trouble:
    """A refusal in the form that X uses, for the next request."""
    return Trouble(method, path, status, json.dumps(problem(status, detail)), PROBLEM_TYPE, **more)


def refusals() -> list[tuple[int, str, dict[str, str]]]:
    """How X refuses: a limit with and without its end, and a failure of its own."""
    limited = json.dumps(problem(429, "Too Many Requests"))
    ends = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 1)}
    return [(429, limited, ends), (429, limited, {}), (500, json.dumps(problem(500, "Internal Server Error")), {})]


def problem(status: int, detail: str) -> dict[str, Any]:
    """A refusal in the form that X uses."""
    titles = {400: "Invalid Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found Error"}
    titles |= {402: "CreditsDepleted", 429: "Too Many Requests"}
    return {"title": titles.get(status, "Error"), "detail": detail, "type": "about:blank", "status": status}


def _gone(detail: str, kind: str, parameter: str, asked: str) -> dict[str, Any]:
    row = {"detail": detail, "title": "Not Found Error", "type": f"{PROBLEMS}/resource-not-found"}
    return row | {"resource_type": kind, "parameter": parameter, "value": asked, "resource_id": asked}


def _unauthorized(kind: str, parameter: str, asked: str) -> dict[str, Any]:
    detail = f"Sorry, you are not authorized to see the {kind} with {parameter}: [{asked}]."
    row = {"detail": detail, "title": "Authorization Error", "type": f"{PROBLEMS}/not-authorized-for-resource"}
    return row | {
        "resource_type": kind,
        "parameter": parameter,
        "value": asked,
        "resource_id": asked,
        "section": "data",
    }


def _page(request: web.Request, posts: list[dict[str, Any]]) -> dict[str, Any]:
    """The page of `posts`, newest first, that the parameters ask for."""
    since = int(request.query.get("since_id", 0))
    size = int(request.query.get("max_results", 10))
    assert 5 <= size <= 100, "X refuses other sizes"
    newer = [post for post in posts if int(post["id"]) > since]
    start = int(request.query.get("pagination_token", 0))
    shown = newer[start : start + size]
    meta: dict[str, Any] = {"result_count": len(shown)}
    if not shown:
        return {"meta": meta}
    meta |= {"newest_id": shown[0]["id"], "oldest_id": shown[-1]["id"]}
    if start + size < len(newer):
        meta["next_token"] = str(start + size)
    return {"data": shown, "meta": meta}


def _unsigned(request: web.Request) -> tuple[int, Any] | None:
    """X's refusal of a request without a signature or with a wrong one. None if the signature is right."""
    header = request.headers.get("Authorization", "")
    refused = 401, problem(401, "Unauthorized")
    if header == f"Bearer {BEARER.bearer_token}":
        return None if request.method == "GET" and request.path != "/2/users/me" else refused
    if not header.startswith("OAuth "):
        return refused
    # tweepy signs what it believes to be sent by https.
    url = str(request.url).replace("http://", "https://") if request.path.startswith("/1.1/") else str(request.url)
    asked = OAuthRequest(url, request.method, headers={"Authorization": header})
    collected = signature.collect_parameters(
        uri_query=request.rel_url.raw_query_string, headers=asked.headers, exclude_oauth_signature=False
    )
    given = dict(collected)
    asked.signature = given.pop("oauth_signature", "")
    asked.params = list(given.items())
    asked.client_key = given.get("oauth_consumer_key")
    valid = (given.get("oauth_consumer_key"), given.get("oauth_token")) == (KEYS.consumer_key, KEYS.access_token)
    if valid and signature.verify_hmac_sha1(asked, KEYS.consumer_secret, KEYS.access_token_secret):
        return None
    return refused

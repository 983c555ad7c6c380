"""The door of the page: which requests it lets in, and who the visitor is.

The door lets a request in if it names this machine as its host and comes from this page or from no page. A request that
changes anything needs a session, which opening the page gives.

Knows ASGI and HTTP headers. Does not know what a request asks for.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.request_ids import begin_request
from bot.web.entry.sessions import SECONDS, Session, Sessions, new_session
from bot.web.entry.visitors import Visitor
from bot.web.entry.without_session import SENTENCE, session_is_over

NOT_FROM_THERE = "Only my own page may ask me this."
SIGN_IN = "/signin"
READING = ("GET", "HEAD", "OPTIONS")
# Programs say by a token who they are. They have no cookie, so no page can use theirs.
WITHOUT_SESSION = ("/v1/", "/command-line/")
WITHOUT_COOKIE = (*WITHOUT_SESSION, "/static/", "/healthz", "/readyz", "/metrics", "/favicon.ico")
# Headers that proxies add. A visitor can send any value.
FROM_A_PROXY = re.compile(
    rb"forwarded|via|true-client-ip|fly-client-ip|cf-(connecting-ip|ray|visitor)"
    rb"|x[-_](forwarded[-_].*|real-ip|client-ip|cluster-client-ip|original-.*)"
)

Known = Callable[[Visitor], Visitor]  # a visitor with the role that they have


class Door:
    """ASGI middleware that lets requests in. `hosts` are the names that a request may use for this machine.

    `known` gives a visitor the role that they have. `framed` says that another site shows the page inside its own.
    A route that signs somebody in or out sets `state.session`.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], cookie: str, sessions: Sessions, known: Known, framed: bool = False
    ):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._cookie = cookie
        self._sessions = sessions
        self._known = known
        self._framed = framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            # The page needs no WebSocket. The server answers this handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            begin_request()
            session = self._sessions.read(HTTPConnection(scope).cookies.get(self._cookie, ""))
            if refused := self._refusal(scope, Headers(scope=scope), session):
                await refused(scope, receive, send)
            else:
                scope = self._entered(scope, session or new_session())
                await self._app(scope, receive, self._greeting(scope, session, send))

    def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        """The answer to a refused request, or None if the request is let in."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            # This stops DNS rebinding: a page elsewhere whose name leads to this address.
            return PlainTextResponse("Invalid host header", status_code=400)
        if any(not same_origin(origin, f"{scope['scheme']}://{hosts[0]}") for origin in origins):
            return PlainTextResponse(NOT_FROM_THERE, status_code=403)
        if scope["method"] not in READING and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return PlainTextResponse(NOT_FROM_THERE, status_code=403)
        if scope["method"] not in READING and not session and not path_of(scope).startswith(WITHOUT_SESSION):
            if "text/html" not in headers.get("accept", ""):
                return PlainTextResponse(SENTENCE, status_code=403)
            back = SIGN_IN if path_of(scope) == SIGN_IN else "/"
            return session_is_over(scope.get("root_path", ""), back)
        return None

    def _entered(self, scope: Scope, session: Session) -> Scope:
        """`scope` with the visitor, and without headers that say where the page is: a visitor can send any."""
        headers = [(name, value) for name, value in scope["headers"] if not FROM_A_PROXY.fullmatch(name.lower())]
        address = scope["client"][0] if scope.get("client") else ""
        proxied = len(headers) < len(scope["headers"])
        visitor = self._known(Visitor(session.id, address, proxied, user=session.user))
        state = {**scope.get("state", {}), "visitor": visitor, "session": session}
        return {**scope, "headers": headers, "state": state}

    def _greeting(self, scope: Scope, session: Session | None, send: Send) -> Send:
        """`send` that also sets the cookie if the browser has none, or if somebody has signed in or out.

        Then the session before that ends, and with it what a page of it was being told live.
        """
        # These are read now, because a mounted application changes the scope.
        needs_cookie = not path_of(scope).startswith(WITHOUT_COOKIE)
        place = scope.get("root_path") or "/"
        live = over = False

        async def greet(message: Message) -> None:
            nonlocal live, over
            now = scope["state"]["session"]
            if message["type"] == "http.response.start":
                if needs_cookie and now != session:
                    if session and session.user:
                        await asyncio.to_thread(self._sessions.end, session)
                    MutableHeaders(scope=message).append("set-cookie", self._set_cookie(scope, place, now))
                live = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
            elif live and session and self._sessions.has_ended(session):
                if over:
                    return
                over, message = True, {"type": "http.response.body", "body": b""}
            await send(message)

        return greet

    def _set_cookie(self, scope: Scope, path: str, session: Session) -> str:
        is_https = scope["scheme"] == "https"
        # A browser sends no other cookie from a page that another site shows inside its own. Where a request comes from
        # is checked in any case.
        site = "None; Secure; Partitioned" if self._framed and is_https else f"Lax{'; Secure' if is_https else ''}"
        value = self._sessions.write(session)
        return f"{self._cookie}={value}; Path={path}; Max-Age={SECONDS}; HttpOnly; SameSite={site}"


def path_of(scope: Scope) -> str:
    """The path of a request below the root path of the page."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def same_origin(one: str, other: str) -> bool:
    """Returns True if scheme, host and port are the same."""
    first = _origin(one)
    return first is not None and first == _origin(other)


def _origin(text: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    whole = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    return (parts.scheme, parts.hostname, port) if whole and parts.hostname and port else None


def _host(header: str) -> str | None:
    try:
        parts = urlsplit(f"//{header}")
        # What is none raises here.
        parts.port  # noqa: B018
    except ValueError:
        return None
    return parts.hostname if parts.netloc == header and "@" not in header else None

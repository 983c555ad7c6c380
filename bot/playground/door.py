"""The door of the page: which requests are let in, and as whom.

A request is let in when it names this page as its host, comes from this page or from no page, and asks for one of the
few paths that the page itself uses. Everything else that Gradio offers is closed: its named API, files by their path,
functions of components, its proxy. What changes anything needs the session that opening the page gives.

Knows ASGI and HTTP headers. Does not know Gradio, or what a request asks for.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.playground.visitors import Visitor, known_session, new_session

READING = ("GET", "HEAD")
SESSION_SECONDS = 30 * 24 * 3600
# What the page's own scripts ask for. Folders end in a slash.
READ = (
    *("/healthz", "/readyz"),
    *("/", "/config", "/theme.css", "/manifest.json", "/favicon.ico", "/robots.txt", "/assets/", "/static/"),
    *(
        f"/gradio_api/{path}"
        for path in (
            *("info", "app_id", "theme.css", "startup-events"),
            *("heartbeat/", "queue/data", "queue/status", "upload_progress"),
        )
    ),
)
# The page cancels nothing, so Gradio's paths for that are closed.
WRITTEN = ("/gradio_api/queue/join", "/gradio_api/upload")
# Gradio builds its own address from some of these, and a visitor could name any. All are signs of a proxy.
FROM_A_PROXY = re.compile(
    rb"forwarded|via|true-client-ip|fly-client-ip|cf-(connecting-ip|ray|visitor)"
    rb"|x[-_](forwarded[-_].*|real-ip|client-ip|cluster-client-ip|gradio-server|original-.*)"
)


class Door:
    """Lets requests in, as ASGI middleware. `hosts` are the names that this machine is asked by."""

    def __init__(self, app: ASGIApp, hosts: list[str], cookie: str):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            # The page needs no WebSocket. A handshake that is closed like this is answered with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            session = known_session(HTTPConnection(scope).cookies.get(self._cookie, ""))
            if refused := self._refusal(scope, Headers(scope=scope), session):
                status, sentence = refused
                await PlainTextResponse(sentence, status_code=status)(scope, receive, send)
            else:
                given = session or new_session()
                await self._app(_known(scope, given), receive, send if session else self._greeting(given, send))

    def _refusal(self, scope: Scope, headers: Headers, session: str) -> tuple[int, str] | None:
        """The status and the sentence for a request that is not let in."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            # A page elsewhere that rebinds its name to this address gets here.
            return 400, "Invalid host header"
        if any(not same_origin(origin, f"{scope['scheme']}://{hosts[0]}") for origin in origins):
            return 403, "This page answers to itself alone."
        if not is_open(scope["method"], scope["path"]):
            return 404, "There is nothing here."
        if scope["method"] not in READING and not session:
            return 403, "Open the page first: its session is missing."
        return None

    def _greeting(self, session: str, send: Send) -> Send:
        """`send`, which also gives the visitor their session."""
        cookie = f"{self._cookie}={session}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Lax"

        async def greet(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return greet


def _known(scope: Scope, session: str) -> Scope:
    """`scope` with the visitor, and without what a visitor may claim about where the page is."""
    headers = [(name, value) for name, value in scope["headers"] if not FROM_A_PROXY.fullmatch(name.lower())]
    address = scope["client"][0] if scope.get("client") else ""
    visitor = Visitor(session, address, proxied=len(headers) < len(scope["headers"]))
    return {**scope, "headers": headers, "state": {**scope.get("state", {}), "visitor": visitor}}


def is_open(method: str, path: str) -> bool:
    """Returns True if the page itself asks for `path` like this."""
    if ".." in path or "\\" in path:
        return False
    if method in READING:
        return any(path.startswith(one) if one != "/" and one.endswith("/") else path == one for one in READ)
    return method == "POST" and path in WRITTEN


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

"""The door of the page: which requests it lets in, and who the visitor is.

The door lets a request in if it names this machine as its host, comes from this page or from no page, and asks for one
of the few paths that the page uses. Everything else that Gradio offers is closed: its named API, files by their path,
functions of components, its proxy. A request that changes anything needs a session. Opening the page gives one.

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
# The paths that the page's own scripts read. Folders end in a slash.
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
# Headers that proxies add. Gradio builds its own address from some of them, and a visitor can send any value.
FROM_A_PROXY = re.compile(
    rb"forwarded|via|true-client-ip|fly-client-ip|cf-(connecting-ip|ray|visitor)"
    rb"|x[-_](forwarded[-_].*|real-ip|client-ip|cluster-client-ip|gradio-server|original-.*)"
)


class Door:
    """ASGI middleware that lets requests in. `hosts` are the names that a request may use for this machine."""

    def __init__(self, app: ASGIApp, hosts: list[str], cookie: str):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            # The page needs no WebSocket. The server answers this handshake with 403.
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
        """The status and the sentence for a refused request, or None if the request is let in."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            # This stops DNS rebinding: a page elsewhere whose name leads to this address.
            return 400, "Invalid host header"
        if any(not same_origin(origin, f"{scope['scheme']}://{hosts[0]}") for origin in origins):
            return 403, "Only my own page may ask me this."
        if not is_open(scope["method"], scope["path"]):
            return 404, "There is nothing here."
        if scope["method"] not in READING and not session:
            return 403, "Open the page first: its session is missing."
        return None

    def _greeting(self, session: str, send: Send) -> Send:
        """`send` that also sets the cookie with the session."""
        cookie = f"{self._cookie}={session}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Lax"

        async def greet(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return greet


def _known(scope: Scope, session: str) -> Scope:
    """`scope` with the visitor, and without headers that say where the page is: a visitor can send any."""
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

"""The events that the page's own scripts send to Gradio. Everything else is refused before Gradio sees it.

Gradio knows an open page by a `session_hash` that the page itself invents. This module mixes it with the visitor's
session, so that somebody who learns it can neither read nor send events of that page.

Knows the paths and messages of Gradio's queue. Does not know what an event asks for.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.playground.visitors import Visitor

JOIN = "/gradio_api/queue/join"
EVENTS = "/gradio_api/queue/data"
HEARTBEAT = "/gradio_api/heartbeat/"
REFUSED = "My page does not send this. Reload the page and try again."
_PAGE = re.compile(r"[0-9a-z]{1,32}")  # what Gradio's scripts call an open page


class NotOfThePage(ValueError):
    """A request that the page's own scripts never make."""


class PageEvents:
    """ASGI middleware. `inputs` has the types of the input components of each function of the page, by its id."""

    def __init__(self, app: ASGIApp, inputs: Mapping[int, Sequence[str]]):
        self._app = app
        self._inputs = {function: [VALUES[kind] for kind in kinds] for function, kinds in inputs.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, visitor = scope["path"], scope["state"]["visitor"]
        try:
            if path == JOIN:
                body = self._event(await Request(scope, receive).body(), visitor)
                scope, receive = _with_length(scope, len(body)), _brings(body, receive)
            elif path == EVENTS:
                scope = {**scope, "query_string": urlencode({"session_hash": _asked(scope, visitor)}).encode()}
            elif path.startswith(HEARTBEAT):
                own = HEARTBEAT + own_page(visitor, path.removeprefix(HEARTBEAT))
                scope = {**scope, "path": own, "raw_path": own.encode()}
        except NotOfThePage:
            await PlainTextResponse(REFUSED, status_code=422)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _event(self, body: bytes, visitor: Visitor) -> bytes:
        """The event in `body`, without any other field. Raises `NotOfThePage`."""
        try:
            event = json.loads(body)
            values, checks = event["data"], self._inputs[event["fn_index"]]
            if len(values) != len(checks):
                raise NotOfThePage
            data = [check(value) for check, value in zip(checks, values, strict=True)]
            page = own_page(visitor, event["session_hash"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise NotOfThePage from error
        return json.dumps({"data": data, "fn_index": event["fn_index"], "session_hash": page}).encode()


def own_page(visitor: Visitor, page: object) -> str:
    """What Gradio is told to call an open page. It differs between visitors. Raises `NotOfThePage`."""
    if not isinstance(page, str) or not _PAGE.fullmatch(page):
        raise NotOfThePage
    return hashlib.sha256(f"{visitor.session} {page}".encode()).hexdigest()[:32]


def _asked(scope: Scope, visitor: Visitor) -> str:
    """The open page whose events are asked for. Raises `NotOfThePage`."""
    pages = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
    return own_page(visitor, pages[0] if len(pages) == 1 else None)


def _with_length(scope: Scope, length: int) -> Scope:
    headers = [header for header in scope["headers"] if header[0] != b"content-length"]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}


def _brings(body: bytes, receive: Receive) -> Receive:
    """`receive` that gives `body` first."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def bring() -> Message:
        return waiting.pop() if waiting else await receive()

    return bring


def _nothing(value: object) -> None:
    """The page sends null for a value that the server keeps."""
    if value is not None:
        raise NotOfThePage


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise NotOfThePage
    return value


def _choice(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise NotOfThePage
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NotOfThePage
    return value


def _line(value: object) -> dict[str, object]:
    """A line of the chat, and the paths of the files attached to it."""
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise NotOfThePage
    paths = [file["path"] for file in value.get("files") or []]
    if not all(isinstance(path, str) for path in paths):
        raise NotOfThePage
    # Gradio checks the path only if this mark is there.
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
    return {"text": value["text"], "files": files}


VALUES: dict[str, Callable[[object], object]] = {
    "state": _nothing,
    "textbox": _text,
    "radio": _choice,
    "slider": _number,
    "multimodaltextbox": _line,
}

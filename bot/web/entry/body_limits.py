"""How much a request may send: little, except for files that an admin uploads. It sends plain forms, without NUL.

Knows ASGI. Does not know what a request asks for.
"""

import asyncio
import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.entry.door import path_of

MAX_BYTES = 64 * 1024  # of a form without files, or of a request to the API
UPLOAD = "/make/files"
SECONDS = 30.0  # for a message to come
NO_TEXT = "There is a character in this that no text has. Type it anew instead of pasting it."
NOT_READABLE = "This form came in a way that I cannot read. Reload the page and try again."
# A form without files, as browsers send it, or what commands on this machine ask. Files go to `UPLOAD` alone.
READABLE = re.compile(
    r"(application/x-www-form-urlencoded|application/json)( ?; ?charset=utf-8)?", re.IGNORECASE | re.ASCII
)
BOUNDED_ELSEWHERE = "/v1/"  # the API reads a body only after it knows the token


class BodyLimits:
    """ASGI middleware: refuses long requests, and uploads of visitors who may not have a voice learned.

    `longer` has how many bytes a request to a path may send that takes more than `MAX_BYTES`. What is sent to `UPLOAD`
    is limited by its route, which writes it to the disk.
    """

    def __init__(self, app: ASGIApp, longer: Mapping[str, int] | None = None):
        self._app = app
        self._longer = longer or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope) if scope["type"] == "http" else ""
        is_bounded = path.startswith(BOUNDED_ELSEWHERE) or (path == UPLOAD and scope["state"]["visitor"].is_admin)
        if scope["type"] != "http" or is_bounded:
            await self._app(scope, receive, send)
        elif path == UPLOAD and scope["method"] == "POST":
            sentence = "Only an admin may send me files. Sign in first."
            await PlainTextResponse(sentence, status_code=403)(scope, receive, send)
        else:
            await self._let_in(scope, receive, send, self._longer.get(path, MAX_BYTES))

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        if not _is_readable(scope):
            await PlainTextResponse(NOT_READABLE, status_code=415)(scope, receive, send)
            return
        try:
            async with asyncio.timeout(SECONDS):
                body = await _read(scope, receive, most)
        except TimeoutError:
            await PlainTextResponse("That came too slowly. Try again.", status_code=408)(scope, receive, send)
            return
        except ClientDisconnect:
            return  # nobody is there to read an answer
        if body is None:
            sentence = "This message is too long. Send a shorter one."
            await PlainTextResponse(sentence, status_code=413)(scope, receive, send)
        elif _holds_nul(scope, body):
            await PlainTextResponse(NO_TEXT, status_code=400)(scope, receive, send)
        else:
            await self._app(scope, _again(body, receive), send)


async def _read(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The body of a request, or None if it is too long. Raises `ClientDisconnect`."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or len(announced) > len(str(most)) or int(announced) > most:
        return None
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            return None
    return bytes(body)


def _holds_nul(scope: Scope, body: bytes) -> bool:
    """Returns True for NUL in the address or in a form. PostgreSQL cannot store it, and SQLite ends a text there."""
    return "\0" in scope["path"] or any(
        nul in part for nul in (b"%00", b"\0") for part in (scope["query_string"], body)
    )


def _is_readable(scope: Scope) -> bool:
    """Returns False for a form that this page does not send.

    Starlette would decode a form in parts with any codec of Python that it names: `idna` takes seconds for 60 KB, and
    with `unicode_escape` there is NUL in the text that was not in the bytes. Its own reading of such a header, and of
    those of the parts, takes long, too, if they are long.
    """
    kind = Headers(scope=scope).get("content-type")
    return kind is None or READABLE.fullmatch(kind) is not None


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` that gives `body` first."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def bring() -> Message:
        return messages.pop() if messages else await receive()

    return bring

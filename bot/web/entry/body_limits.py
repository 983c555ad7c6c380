"""How much a request may send: little, except for files that an admin uploads. No text of it may hold NUL.

Knows ASGI. Does not know what a request asks for.
"""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.entry.door import path_of

MAX_BYTES = 64 * 1024  # of a form without files, or of a request to the API
UPLOAD = "/make/files"
SECONDS = 30.0  # for a message to come
NO_TEXT = "There is a character in this that no text has. Type it anew instead of pasting it."
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
        try:
            async with asyncio.timeout(SECONDS):
                messages = await _read(scope, receive, most)
        except TimeoutError:
            await PlainTextResponse("That came too slowly. Try again.", status_code=408)(scope, receive, send)
            return
        if messages is None:
            sentence = "This message is too long. Send a shorter one."
            await PlainTextResponse(sentence, status_code=413)(scope, receive, send)
        elif _holds_nul(scope, messages):
            await PlainTextResponse(NO_TEXT, status_code=400)(scope, receive, send)
        else:
            await self._app(scope, _again(messages, receive), send)


async def _read(scope: Scope, receive: Receive, most: int) -> list[Message] | None:
    """The ASGI messages with the body of a request, or None if the body is too long."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or len(announced) > len(str(most)) or int(announced) > most:
        return None
    messages, length, more = [], 0, True
    while more:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
        if length > most:
            return None
    return messages


def _holds_nul(scope: Scope, messages: list[Message]) -> bool:
    """Returns True for NUL in the address or in a form. PostgreSQL cannot store it, and SQLite ends a text there."""
    sent = b"".join(message.get("body", b"") for message in messages)
    return "\0" in scope["path"] or any(
        nul in part for nul in (b"%00", b"\0") for part in (scope["query_string"], sent)
    )


def _again(messages: list[Message], receive: Receive) -> Receive:
    """`receive` that gives `messages` first."""
    waiting = iter(messages)

    async def bring() -> Message:
        return next(waiting, None) or await receive()

    return bring

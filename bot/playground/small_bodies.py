"""What a visitor may send: small messages, and files only from this machine.

Gradio reads a whole message into memory and keeps it with the session. A message of 30 MB stops the process for half a
minute. A field of an upload that is not a file stays in memory, whatever its size.

Knows ASGI. Does not know Gradio, or what a request asks for.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.playground.uploads_noted import UPLOAD

MAX_BYTES = 64 * 1024  # of a message: a line in the chat, a choice, the text of a post


class SmallBodies:
    """ASGI middleware: refuses long messages, and uploads of visitors who may not have a voice learned."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["path"] == UPLOAD and scope["state"]["visitor"].here):
            await self._app(scope, receive, send)
        elif scope["path"] == UPLOAD:
            sentence = "Only somebody at the machine that I run on may attach files."
            await PlainTextResponse(sentence, status_code=403)(scope, receive, send)
        elif (messages := await _read(scope, receive)) is None:
            sentence = "This message is too long. Send a shorter one."
            await PlainTextResponse(sentence, status_code=413)(scope, receive, send)
        else:
            await self._app(scope, _again(messages, receive), send)


async def _read(scope: Scope, receive: Receive) -> list[Message] | None:
    """The ASGI messages with the body of a request, or None if the body is too long."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or len(announced) > len(str(MAX_BYTES)) or int(announced) > MAX_BYTES:
        return None
    messages, length, more = [], 0, True
    while more:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
        if length > MAX_BYTES:
            return None
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """`receive` that gives `messages` first."""
    waiting = iter(messages)

    async def bring() -> Message:
        return next(waiting, None) or await receive()

    return bring

"""What each request must pass: a token, the token's limits, a bounded body, and a deadline for all of it.

A program that goes away ends what it asked for, so its rows in the engine are free at once. Nothing is read of a
request that has no valid token.

Knows ASGI and tokens. Does not know what a request asks for.
"""

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.process.ongoing import end
from bot.openai_api.refusals import NO_TOKEN, TOO_LONG, TOO_SLOW, TOOK_TOO_LONG, WRONG_TOKEN, Refusal, refusal_of
from bot.people.limits import CHEAP, TWEETS
from bot.people.tokens import TokenLimits, Tokens
from bot.store.api_tokens import ApiToken

MAX_BYTES = 256 * 1024  # of a body
BODY_SECONDS = 10.0  # for a whole body to arrive
ANSWER_SECONDS = 120.0  # for everything, the reader's time among it; the engine and the waiting room take less
READING = ("GET", "HEAD", "OPTIONS")


class Refused(Exception):
    """A request that is answered with `refusal`."""

    def __init__(self, refusal: Refusal):
        super().__init__(refusal.message)
        self.refusal = refusal


class _ClientGone(Exception):
    """Nobody waits for the answer."""


class Guard:
    """ASGI middleware. The app behind it finds the token in `request.state.token`."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens, limits: TokenLimits, answer_seconds: float = ANSWER_SECONDS):
        self._app = app
        self._tokens, self._limits = tokens, limits
        self._answer_seconds = answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, receive, _Sending(send))

    async def _answer(self, scope: Scope, receive: Receive, sending: "_Sending") -> None:
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._let_in(scope, receive, sending)
            return
        except _ClientGone:
            return
        except Refused as error:
            refusal = error.refusal
        except TimeoutError:
            refusal = TOOK_TOO_LONG
        except Exception as error:
            if sending.has_ended:
                return  # the app has answered, and raises the failure once more
            if sending.has_begun:
                raise
            refusal = refusal_of(error)
        # An answer that is half sent cannot become another one. The server closes the connection then.
        if not sending.has_begun:
            await refusal.response()(scope, receive, sending)

    async def _let_in(self, scope: Scope, receive: Receive, sending: "_Sending") -> None:
        headers = Headers(scope=scope)
        token = await self._token(headers)
        async with self._limits.asking(token, CHEAP if scope["method"] in READING else TWEETS):
            body = await _body(headers, receive)
            known = {**scope, "state": {**scope.get("state", {}), "token": token}}
            await _while_awaited(self._app, known, body, receive, sending)

    async def _token(self, headers: Headers) -> ApiToken:
        kind, _, text = headers.get("authorization", "").strip().partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise Refused(NO_TOKEN)
        token = await self._tokens.known(text.strip())
        if not token:
            raise Refused(WRONG_TOKEN)
        return token


class _Sending:
    """`send` that knows if the answer has begun, and if it is whole."""

    def __init__(self, send: Send):
        self._send = send
        self.has_begun = self.has_ended = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)
        self.has_ended = message["type"] == "http.response.body" and not message.get("more_body", False)


async def _body(headers: Headers, receive: Receive) -> bytes:
    """The whole body. Raises `Refused` if it is too long, or too slow."""
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > len(str(MAX_BYTES)) or int(announced) > MAX_BYTES:
        raise Refused(TOO_LONG)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise Refused(TOO_SLOW) from None


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        body += message.get("body", b"")
        if len(body) > MAX_BYTES:
            raise Refused(TOO_LONG)
        if not message.get("more_body", False):
            return bytes(body)


async def _while_awaited(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Run `app` as long as somebody waits for the answer. Raises what it raises, or `_ClientGone`."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    gone = asyncio.create_task(_disconnected(receive))

    async def bring() -> Message:
        if messages:
            return messages.pop()
        await asyncio.shield(gone)
        return {"type": "http.disconnect"}

    task: asyncio.Task[Any] = asyncio.ensure_future(app(scope, bring, send))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _ClientGone
        await task
    finally:
        await end(task, gone)


async def _disconnected(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass

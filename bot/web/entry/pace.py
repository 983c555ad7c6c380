"""How fast one address may ask: 1,200 requests a minute, far more than people need, and programs without a token.

Whoever asks without end would slow everybody else's tweets down, whatever they ask for. So over this limit they get a
short answer, and they get it late. Whoever runs the bot, and programs that show a token, have no such limit.

Knows ASGI and visitors. Does not know what is asked for, or what it costs.
"""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.people.limits import RateLimit
from bot.web.entry.door import path_of
from bot.web.entry.visitors import Visitor

REQUESTS_A_MINUTE = 1_200
LATE_SECONDS = 2.0
MOST_LATE = 50  # answers that wait at once: each keeps a connection, of which there are 500
FOR_PROGRAMS = "/v1/"


class Pace:
    """ASGI middleware: refuses what is too much of one address."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._asked = RateLimit(REQUESTS_A_MINUTE)
        self._late = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_free(visitor := scope["state"]["visitor"]):
            await self._app(scope, receive, send)
        elif wait := self._asked.wait_seconds(visitor.network):
            await self._refuse(wait, scope, receive, send)
        elif path_of(scope).startswith(FOR_PROGRAMS):
            await self._app(scope, receive, self._counting_refused(visitor.network, send))
        else:
            self._asked.note(visitor.network, 1)
            await self._app(scope, receive, send)

    def _counting_refused(self, network: str, send: Send) -> Send:
        """`send` that counts the request if it had no token, or a wrong one."""

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                self._asked.note(network, 1)
            await send(message)

        return counting

    async def _refuse(self, wait: float, scope: Scope, receive: Receive, send: Send) -> None:
        if self._late < MOST_LATE:
            self._late += 1
            try:
                await asyncio.sleep(LATE_SECONDS)
            finally:
                self._late -= 1
        seconds = max(1, round(wait))
        headers = {"retry-after": str(seconds)}
        sentence = f"That was a lot at once; try again in {seconds} s."
        await PlainTextResponse(sentence, status_code=429, headers=headers)(scope, receive, send)


def is_free(visitor: Visitor) -> bool:
    """Returns True for whoever has no such limit."""
    return visitor.here or visitor.is_admin

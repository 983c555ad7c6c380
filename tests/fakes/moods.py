"""What can go wrong at a far end, by chance or on demand: lost and late answers, HTML, half answers, limits.

Knows HTTP. Does not know which network it stands for: a fake says by `limits` and `expired` how its own refusals look.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

HANG_UP = 599
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass
class Trouble:
    """A failure for the next `times` requests to `method` and `path`.

    `done` says if the request is carried out nevertheless. Without a status it is only late: by `delay_seconds`, or
    until somebody sets `until`.
    """

    method: str
    path: str
    status: int = 0
    body: str | bytes = "{}"
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    until: asyncio.Event | None = None
    done: bool = False
    times: int = 1

    @classmethod
    def hang_up(cls, method: str, path: str, **more: Any) -> Self:
        """The connection breaks instead of an answer."""
        return cls(method, path, HANG_UP, **more)

    @classmethod
    def html_503(cls, method: str, path: str, **more: Any) -> Self:
        """What a load balancer says."""
        return cls(method, path, 503, "<html>Over capacity</html>", "text/html", **more)


@dataclass
class RandomMood:
    """Random failures for each write: the share of failures, and how slow the far end is.

    `refusals` are refusals in the network's own form, each with a status, a body and headers. `lag_seconds` is the
    longest time until what was made is shown.
    """

    seed: int = 1
    share: float = 0.4
    slow_seconds: float = 0.5
    lag_seconds: float = 0.2
    refusals: Callable[[], list[tuple[int, str, dict[str, str]]]] = list

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def trouble(self, method: str, path: str) -> Trouble | None:
        """The failure for the next write, if there is one."""
        if self.chance.random() >= self.share:
            return None
        slow = self.slow_seconds * self.chance.uniform(0.5, 1.5)
        done = self.chance.random() < 0.5
        here = (method, path)
        kinds: list[Callable[[], Trouble]] = [
            lambda: Trouble.hang_up(*here, done=True),
            lambda: Trouble.hang_up(*here, done=False),
            lambda: Trouble(*here, delay_seconds=slow),
            lambda: Trouble.hang_up(*here, delay_seconds=slow, done=done),
            lambda: Trouble.html_503(*here, done=done),
            lambda: Trouble(*here, 200, b'{"id": "19', done=True),
            lambda: Trouble(*here, 200, "<html>Just a moment</html>", "text/html", done=done),
            lambda: Trouble(*here, 500, '{"error": "InternalServerError"}', done=done),
        ]
        kinds += [
            lambda refusal=refusal: Trouble(*here, refusal[0], refusal[1], headers=refusal[2])
            for refusal in self.refusals()
        ]
        return self.chance.choice(kinds)()


class Moody:
    """A server's troubles, asked for before each answer."""

    def __init__(self, mood: RandomMood | None = None) -> None:
        self.mood = mood
        self.troubles: list[Trouble] = []
        self.requests: list[str] = []

    async def answered(self, request: web.Request, answer: Handler, *, writes: bool = False) -> web.Response:
        """Returns the answer of `answer`, or what becomes of it in this mood."""
        self.requests.append(f"{request.method} {request.path}")
        await request.read()  # before any delay: the request has arrived even if nobody waits for the answer any more
        trouble = self._trouble(request)
        if not trouble and writes and self.mood:
            trouble = self.mood.trouble(request.method, request.path)
        if not trouble:
            return await answer(request)
        if not trouble.status:
            # The connection may be closed by then. The request is carried out nevertheless, as behind a load balancer.
            await (trouble.until.wait() if trouble.until else asyncio.sleep(trouble.delay_seconds))
            return await answer(request)
        if trouble.done:
            await answer(request)
        await asyncio.sleep(trouble.delay_seconds)
        if trouble.status == HANG_UP:
            if request.transport:  # None if the client has closed the connection
                request.transport.close()
            return web.Response()
        body = trouble.body.encode() if isinstance(trouble.body, str) else trouble.body
        return web.Response(
            status=trouble.status, body=body, headers=trouble.headers, content_type=trouble.content_type
        )

    def _trouble(self, request: web.Request) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times and (trouble.method, trouble.path) == (request.method, request.path):
                trouble.times -= 1
                return trouble
        return None


async def listening(app: web.Application) -> tuple[web.AppRunner, str]:
    """Serve `app` on loopback. Returns what stops it, and its address."""
    runner = web.AppRunner(app, handler_cancellation=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, "http://{}:{}".format(*runner.addresses[0][:2])

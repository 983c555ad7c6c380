"""The page's server: it listens on one address while the process runs.

Knows uvicorn. Does not know what the page shows.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from bot.core.config import PlaygroundSettings
from bot.core.process.ongoing import end
from bot.trainings.drafts import Drafts
from bot.web.application import guarded, routes
from bot.web.entry.proxies import Proxies, Trusted
from bot.web.entry.roles import Roles
from bot.web.entry.sessions import Sessions
from bot.web.frame.parts import Parts
from bot.web.slow_requests import Impatient
from huggingtweets.core.errors import Unavailable

SWEEP_SECONDS = 60.0


@asynccontextmanager
async def serving(settings: PlaygroundSettings, parts: Parts, sessions: Sessions) -> AsyncIterator[str]:
    """Serve the page while the context lasts. Yields its address. Raises `Unavailable` if the port is taken.

    Drafts that a killed process left are deleted.
    """
    listening = _listening(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    await asyncio.to_thread(parts.drafts.clear)
    page = routes(parts)
    app = guarded(
        page,
        hosts=[settings.host, "localhost", "127.0.0.1", "::1", *settings.hosts],
        cookie=f"huggingtweets-{port}",
        sessions=sessions,
        known=Roles(parts.users, local_admin=settings.local_admin, demo=settings.demo).known,
        frames=settings.frames,
    )
    config = uvicorn.Config(
        Proxies(app, Trusted(settings.trusted_proxies)),
        http=Impatient,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # uvicorn believes the wrong end of X-Forwarded-For if every proxy is trusted
        root_path=settings.root_path,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="page")
    up = asyncio.create_task(server.up.wait())
    sweeping = asyncio.create_task(_sweep(parts.drafts), name="drafts")
    try:
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        yield f"http://{host}:{port}"
    finally:
        up.cancel()
        server.should_exit = True
        await task
        await end(sweeping)
        await parts.exporting.close()
        if parts.api.enabled:
            await page.state.token_limits.aclose()
        listening.close()
        await asyncio.to_thread(parts.drafts.clear)


async def _sweep(drafts: Drafts) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await asyncio.to_thread(drafts.sweep)


class _Server(uvicorn.Server):
    """A server that says when it is up. It handles no signals: the bot does."""

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        why = str(error.strerror).partition(" (while attempting")[0]  # Python adds the address, which is named here
        raise Unavailable(
            f"The playground cannot listen on {host}:{port} ({why}); "
            "stop the program that uses that port, or set another [playground] port."
        ) from error
    # A connection has this from the socket that listens. asyncio sets it only on sockets that are made in another way.
    # Without it the second half of an answer waits 40 ms for the other side's sign that it has the first.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening

"""The playground's server: the page and the health checks, on one loopback address.

Knows FastAPI and uvicorn. Does not know what the page shows.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.config import Playground
from bot.playground.chat import Chat
from bot.posting import Posting
from huggingtweets.errors import Unavailable


@asynccontextmanager
async def serving(
    settings: Playground,
    chat: Chat,
    posting: Posting,
    *,
    max_count: int,
    suggestions: list[str],
    ready: Callable[[], bool],
) -> AsyncIterator[str]:
    """Serve the page while the context lasts; yields its address. Raises `Unavailable` when the port is taken."""
    listening = _listening(settings.host, settings.port)
    app = await asyncio.to_thread(_app, chat, posting, settings.host, max_count, suggestions, ready)
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listening]), name="playground")
    up = asyncio.create_task(server.up.wait())
    try:
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        yield "http://{}:{}".format(*listening.getsockname()[:2])
    finally:
        up.cancel()
        server.should_exit = True
        await task
        listening.close()


class _Server(uvicorn.Server):
    """Says when it is up, and leaves the signals to the process that it is a part of."""

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
        return socket.create_server((host, port))
    except OSError as error:
        raise Unavailable(
            f"The playground cannot listen on {host}:{port} ({error.strerror}); "
            "stop what uses that port, or set another [playground] port."
        ) from error


def _app(
    chat: Chat, posting: Posting, host: str, max_count: int, suggestions: list[str], ready: Callable[[], bool]
) -> FastAPI:
    """The application. Importing Gradio takes seconds, so this runs on a thread."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from bot.playground.page import STYLE, build_page
    from bot.playground.queue import Queue, build_queue

    app = FastAPI(openapi_url=None)
    # A page elsewhere that rebinds its name to this address is not let in.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost", "127.0.0.1"])

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        if ready():
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "starting"}

    queue = Queue(posting)
    page = build_page(chat, max_count, suggestions, {"Queue to X": lambda page: build_queue(queue, page)})
    page.queue(max_size=64, default_concurrency_limit=16, api_open=False)
    gr.mount_gradio_app(app, page, path="/", css=STYLE, show_error=False, footer_links=[])
    return app

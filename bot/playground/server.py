"""The playground's server: the page and the health checks, on one loopback address.

Knows FastAPI and uvicorn. Does not know what the page shows.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Response
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.config import Playground
from bot.playground.chat import Chat
from bot.posting import Posting
from huggingtweets.errors import Unavailable

MAX_UPLOAD = "4gb"  # an archive of X with all its pictures is smaller


@asynccontextmanager
async def serving(
    settings: Playground,
    chat: Chat,
    posting: Posting,
    *,
    uploads: Path,
    max_count: int,
    suggestions: list[str],
    ready: Callable[[], bool],
) -> AsyncIterator[str]:
    """Serve the page while the context lasts; yields its address. Raises `Unavailable` when the port is taken.

    `uploads` is where Gradio puts what is uploaded; what a process that was killed has left there is deleted.
    """
    listening = _listening(settings.host, settings.port)
    app = await asyncio.to_thread(_app, chat, posting, settings.host, uploads, max_count, suggestions, ready)
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


class _OwnPages:
    """Lets nothing in that a page of another origin sends: a browser says which, and what only reads says none."""

    def __init__(self, app: ASGIApp, hosts: list[str]):
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] in ("http", "websocket") else None
        if origin is not None and _host(origin) not in self._hosts:
            await PlainTextResponse("This page answers to itself alone.", status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


def _app(
    chat: Chat,
    posting: Posting,
    host: str,
    uploads: Path,
    max_count: int,
    suggestions: list[str],
    ready: Callable[[], bool],
) -> FastAPI:
    """The application. Importing Gradio takes seconds, so this runs on a thread."""
    shutil.rmtree(uploads, ignore_errors=True)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Read when Gradio is imported, and again for each component.
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.absolute())
    import gradio as gr

    from bot.playground.page import STYLE, build_page
    from bot.playground.queue import Queue, build_queue

    app = FastAPI(openapi_url=None)
    # A page elsewhere that rebinds its name to this address is not let in.
    hosts = [host, "localhost", "127.0.0.1"]
    app.add_middleware(_OwnPages, hosts=hosts)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)

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
    gr.mount_gradio_app(app, page, path="/", css=STYLE, show_error=False, footer_links=[], max_file_size=MAX_UPLOAD)
    return app

"""The playground's server: the page and the health checks, on one loopback address.

Knows FastAPI and uvicorn. Does not know what the page shows.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI, Response
from starlette.types import ASGIApp

from bot.core.config import PlaygroundSettings
from bot.core.ongoing import end
from bot.core.readiness import READY, Readiness
from bot.playground.attachments import Attachments
from bot.playground.chat import Chat
from bot.playground.door import Door
from bot.playground.failures import FailuresNoted
from bot.playground.page_events import PageEvents
from bot.playground.small_bodies import SmallBodies
from bot.playground.uploads_noted import UploadsNoted
from bot.posts.posting import Posting
from huggingtweets.core.errors import Unavailable

SWEEP_SECONDS = 60.0
MAX_UPLOAD = "4gb"  # X archives with all their pictures are smaller
MAX_SESSIONS = 500  # open pages


@asynccontextmanager
async def serving(
    settings: PlaygroundSettings,
    chat: Chat,
    posting: Posting,
    *,
    attachments: Attachments,
    max_count: int,
    suggestions: list[str],
    readiness: Readiness,
    alive: Callable[[], bool],
) -> AsyncIterator[str]:
    """Serve the page while the context lasts. Yields its address. Raises `Unavailable` if the port is taken.

    Gradio puts uploads where `attachments` looks. What a killed process left there is deleted.
    """
    listening = _listening(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    make = partial(_app, chat, posting, attachments, max_count, suggestions, readiness, alive)
    app = _guarded(*await asyncio.to_thread(asyncio.run, make()), attachments, settings.host, port)
    # With proxy headers on, uvicorn believes them, and anybody at this machine can send them.
    config = uvicorn.Config(app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=2)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="playground")
    up = asyncio.create_task(server.up.wait())
    sweeping = asyncio.create_task(_sweep(attachments), name="attachments")
    try:
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        yield f"http://{host}:{port}"
    finally:
        up.cancel()
        server.should_exit = True
        await task
        await end(sweeping)
        listening.close()
        await asyncio.to_thread(attachments.clear)


async def _sweep(attachments: Attachments) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await asyncio.to_thread(attachments.sweep)


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
        return socket.create_server((host, port))
    except OSError as error:
        raise Unavailable(
            f"The playground cannot listen on {host}:{port} ({error.strerror}); "
            "stop the program that uses that port, or set another [playground] port."
        ) from error


async def _app(
    chat: Chat,
    posting: Posting,
    attachments: Attachments,
    max_count: int,
    suggestions: list[str],
    readiness: Readiness,
    alive: Callable[[], bool],
) -> tuple[FastAPI, dict[int, list[str]]]:
    """The application, and the types of its functions' inputs.

    Importing Gradio takes seconds, so this runs on a thread. It runs in a loop of its own there, since Gradio would
    otherwise make several and close none.
    """
    attachments.clear()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Otherwise Gradio sums up its last 10,000 events each time an event fails.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    # Gradio reads this when it is imported, and again for each component.
    os.environ["GRADIO_TEMP_DIR"] = str(attachments.home)
    import gradio as gr

    from bot.playground.page import STYLE, build_page
    from bot.playground.queue import Queue, build_queue

    app = FastAPI(openapi_url=None)

    @app.get("/healthz")
    async def healthz(response: Response) -> dict[str, str]:
        response.status_code = 200 if alive() else 503
        return {"status": "alive" if alive() else "must be started again"}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        state = await readiness.status()
        response.status_code = 200 if state["status"] == READY else 503
        return state

    queue = Queue(posting)
    page = build_page(chat, max_count, suggestions, {"Queue to X": lambda page: build_queue(queue, page)})
    page.queue(max_size=64, default_concurrency_limit=16, api_open=False)
    # Gradio checks the paths in a message only if the page was launched, and mounting does not set this.
    page.has_launched = True
    # Gradio keeps about 60 kB and the chat for each open page. Beyond this number it forgets the oldest one.
    page.state_session_capacity = MAX_SESSIONS
    gr.mount_gradio_app(
        app, page, path="/", css=STYLE, show_error=False, footer_links=[], max_file_size=MAX_UPLOAD, run_history=False
    )
    inputs = {number: [one.get_block_name() for one in function.inputs] for number, function in page.fns.items()}
    return app, inputs


def _guarded(app: ASGIApp, inputs: dict[int, list[str]], attachments: Attachments, host: str, port: int) -> ASGIApp:
    """`app` with everything that a request must pass first."""
    hosts = [host, "localhost", "127.0.0.1", "::1"]
    guarded = FailuresNoted(SmallBodies(PageEvents(UploadsNoted(app, attachments), inputs)))
    return Door(guarded, hosts, cookie=f"huggingtweets-{port}")

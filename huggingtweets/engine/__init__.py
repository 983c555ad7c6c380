"""Generation: drafts of a voice, from the event loop or from the command line, one computation at a time.

    drafts = await engine.draw(Request(version, "We are", count=5, seed=7))

Knows threads, the queue's bound and the deadline. Does not know names, consent, or what a good tweet is.
"""

import asyncio
import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from huggingtweets.config import Generation
from huggingtweets.cpu import use_threads
from huggingtweets.errors import Busy, Unavailable
from huggingtweets.registry import Version

if TYPE_CHECKING:
    from huggingtweets.engine.decode import Draft
    from huggingtweets.engine.voices import Voices

__all__ = ["Engine", "Request"]

SECONDS_PER_REQUEST = 2.0  # what a person behind a full queue is told to wait for each request before them
STOPPING = "The engine is being stopped; try again when it is back."


@dataclass(frozen=True, slots=True)
class Request:
    """`count` drafts of `version` that begin with `prompt`; the same seed gives the same drafts."""

    version: Version
    prompt: str
    count: int
    seed: int


class Engine:
    """One thread owns the models. Use it as an async context manager: leaving it ends what still runs."""

    def __init__(self, settings: Generation, beside: Path | None = None):
        self.settings = settings
        self._beside = beside
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._voices: Voices | None = None
        self._waiting = 0
        self._closing = threading.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Requests that are queued or running."""
        return self._waiting

    def warm_up(self) -> None:
        """Have the worker import what it computes with, which takes seconds, before somebody waits for it."""
        self._worker.submit(_import_what_computes)

    async def draw(self, request: Request) -> "list[Draft]":
        """The drafts of `request`.

        Raises `Busy` when the queue is full, and `Unavailable` past the deadline or when the engine is closed; a
        request that is cancelled or late stops at its next token.
        """
        if self._closing.is_set():
            raise Unavailable(STOPPING)
        if self._waiting >= self.settings.max_waiting:
            raise Busy(self._waiting * SECONDS_PER_REQUEST)
        cancelled = threading.Event()
        self._waiting += 1
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                drafts = await asyncio.get_running_loop().run_in_executor(self._worker, self._draw, request, cancelled)
        except TimeoutError:
            raise Unavailable(
                f"Drawing took longer than {self.settings.timeout_seconds:g} s; try again with fewer tweets."
            ) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and not task.cancelling():
                # Nobody gave up on the request: it was in the queue when the engine was closed.
                raise Unavailable(STOPPING) from None
            raise
        finally:
            cancelled.set()
            self._waiting -= 1
        if self._closing.is_set():
            raise Unavailable(STOPPING)
        return drafts

    def _draw(self, request: Request, cancelled: threading.Event) -> "list[Draft]":
        """On the worker thread. torch is imported here, so that the process starts without it."""
        from huggingtweets.engine.decode import Sampling, decode

        if cancelled.is_set() or self._closing.is_set():
            return []
        settings = self.settings
        return decode(
            self._loaded_voices().voice(request.version),
            request.prompt,
            request.count,
            Sampling.of(settings),
            request.seed,
            stop=lambda: cancelled.is_set() or self._closing.is_set(),
        )

    def _loaded_voices(self) -> "Voices":
        if self._voices is None:
            from huggingtweets.engine.voices import Voices

            use_threads(self.settings.threads)
            self._voices = Voices(self.settings.max_loaded, self._beside)
        return self._voices


def _import_what_computes() -> None:
    # transformers imports a model's module only when it is named.
    for module in ("transformers.models.gpt2.modeling_gpt2", f"{__name__}.decode", f"{__name__}.voices"):
        importlib.import_module(module)

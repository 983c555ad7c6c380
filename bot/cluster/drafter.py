"""Drafts from the cluster. Where it cannot be reached, the engine in this process draws them, if the settings allow it.

Knows the link and the engine. Does not know replicas, or who asks.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.cluster.link import GatewayLink
from bot.core.errors import ClusterUnavailable
from bot.core.process.ongoing import end
from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import EngineDead, NotNow, Unavailable
from huggingtweets.generation.drafter import STOPPING, too_slow
from huggingtweets.generation.engine import Engine, Request

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


class ClusterDrafter:
    """An async context manager, and a `Drafter`. `own` is the engine that draws while the cluster cannot."""

    def __init__(self, settings: GenerationSettings, link: GatewayLink, own: Engine | None = None):
        self.settings = settings
        self._link, self._own = link, own
        self._open: set[asyncio.Task[list[Draft]]] = set()
        self._to_forget: set[str] = set()
        self._forget_now = asyncio.Event()
        self._all_forgotten = asyncio.Event()
        self._all_forgotten.set()
        self._closing = False
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._own:
            await self._stack.enter_async_context(self._own)
        self._forgetting = asyncio.create_task(self._go_on_forgetting(), name="forgetting on the cluster")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        await end(self._forgetting, *self._open)
        await self._stack.aclose()

    @property
    def waiting(self) -> int:
        """How many requests are queued or running."""
        return len(self._open)

    @property
    def in_memory(self) -> tuple[int, int]:
        """How many voices are in memory on all machines, and how many bytes they and their bases take."""
        voices, size = self._own.in_memory if self._own else (0, 0)
        return self._link.state.voices + voices, self._link.state.voice_bytes + size

    @property
    def dead(self) -> bool:
        """True if the engine in this process has failed for good."""
        return self._own is not None and self._own.dead

    @property
    def problem(self) -> str:
        """Why nothing can be drawn now; empty if drawing works."""
        if self._link.state.replicas:
            return ""
        return self._own.problem if self._own else self._link.trouble or "no replica lives"

    async def answers(self) -> None:
        """Raises `EngineDead` if the engine has failed for good, and `Unavailable` if nothing can be drawn now."""
        if self.dead:
            raise EngineDead
        if problem := self.problem:
            raise Unavailable(f"Nothing can be drawn: {problem}.")

    async def watch(self) -> None:
        """Wait until the engine in this process has failed for good, then raise `EngineDead`. Never returns."""
        if self._own:
            await self._own.watch()
        await asyncio.Event().wait()

    def warm_up(self) -> None:
        """Nothing is done here: the replicas warm up by themselves, and the engine starts when it is needed."""

    def forget(self, name: str) -> None:
        """Remove every voice of `name` from the memory and the copies of all machines."""
        if self._own:
            self._own.forget(name)
        self._to_forget.add(name)
        self._all_forgotten.clear()
        self._loop.call_soon_threadsafe(self._forget_now.set)

    async def _go_on_forgetting(self) -> None:
        """Tell the cluster whom to forget, as often as it takes. Never returns."""
        while True:
            await self._forget_now.wait()
            self._forget_now.clear()
            await self._link.connected()
            try:
                for name in list(self._to_forget):
                    await self._link.ask("forget", name)
                    self._to_forget.discard(name)
            except (ClusterUnavailable, NotNow) as error:
                log.warning("the cluster is told later whom to forget: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
                self._forget_now.set()
            if not self._to_forget:
                self._all_forgotten.set()

    async def draw(self, request: Request) -> "list[Draft]":
        """The drafts of `request`, as `Drafter.draw` says. Raises `ClusterUnavailable` if nobody can draw them."""
        if self._closing:
            raise NotNow(STOPPING)
        drawing = asyncio.create_task(self._drawn(request))
        self._open.add(drawing)
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                return await drawing
        except TimeoutError:
            raise too_slow(self.settings) from None
        except asyncio.CancelledError:
            if self._closing and not _is_cancelled():
                raise NotNow(STOPPING) from None
            raise
        finally:
            self._open.discard(drawing)
            drawing.cancel()

    async def _drawn(self, request: Request) -> "list[Draft]":
        if not self._own:
            await self._link.connected()
            await self._all_forgotten.wait()
            drafts: list[Draft] = await self._link.ask("draw", request, self.settings, patient=True)
            return drafts
        if self._link.state.replicas and self._all_forgotten.is_set():
            try:
                drafts = await self._link.ask("draw", request, self.settings, patient=False)
            except ClusterUnavailable as error:
                log.warning("a request is drawn here: %s", error)
            else:
                return drafts
        return await self._own.draw(request)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

"""Generation: drafts of any voice, from the event loop or from the command line, all in one batch.

    drafts = await engine.draw(Request(version, "We are", count=5, seed=7))

Knows how many requests may wait, deadlines, and the thread that computes. Does not know consent, or good tweets.
"""

import asyncio
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import Busy, EngineDead, NotNow, Unavailable
from huggingtweets.generation.drafter import STOPPING, too_slow
from huggingtweets.generation.engine.lives import live
from huggingtweets.generation.engine.tickets import Inbox, Request, Ticket, one_too_many

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

__all__ = ["Engine", "Request"]

WATCH_SECONDS = 0.5
END_SECONDS = 5.0  # the thread ends after its next token


class Engine:
    """One thread owns the models. Use this as an async context manager; leaving it ends all requests under way."""

    def __init__(self, settings: GenerationSettings):
        self.settings = settings
        self._inbox = Inbox()
        self._tickets: dict[Ticket, None] = {}  # queued or running, in the order in which they came
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inbox.wake(closing=True)
        if self._thread:
            await asyncio.to_thread(self._thread.join)

    def end(self) -> None:
        """End all requests and the thread, for whoever has no event loop."""
        self._inbox.wake(closing=True)
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(END_SECONDS)

    @property
    def waiting(self) -> int:
        """How many requests are queued or running."""
        return len(self._tickets)

    @property
    def in_memory(self) -> tuple[int, int]:
        """How many voices are in memory, and how many bytes they and their bases take."""
        return self._inbox.voices

    @property
    def dead(self) -> bool:
        """True if the engine has failed for good."""
        ended = self._thread is not None and not self._thread.is_alive()
        return self._inbox.dead or (ended and not self._inbox.closing)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn now; empty if drawing works."""
        if self.dead:
            return "the engine has failed"
        still = time.monotonic() - self._inbox.beat
        return f"no step for {still:.0f} s" if self._thread and still > self.settings.timeout_seconds else ""

    async def answers(self) -> None:
        """Raises `EngineDead` if the engine has failed for good, and `Unavailable` if it makes no steps."""
        if self.dead:
            raise EngineDead
        if problem := self.problem:
            raise Unavailable(f"The engine stands still: {problem}.")

    async def watch(self) -> None:
        """Wait until the engine has failed for good, then raise `EngineDead`. Never returns."""
        # A thread that ends without an error tells nobody, so this looks at it from time to time.
        while not self.dead:  # noqa: ASYNC110
            await asyncio.sleep(WATCH_SECONDS)
        self._inbox.fail_open(EngineDead(), dead=True)
        raise EngineDead

    def warm_up(self) -> None:
        """Start the thread. It imports torch, which takes seconds, before anybody waits for an answer."""
        if not self._thread:
            self._inbox.beat = time.monotonic()
            self._thread = threading.Thread(target=live, args=(self.settings, self._inbox), name="engine", daemon=True)
            self._thread.start()

    def forget(self, name: str) -> None:
        """Remove every voice of `name` from memory. Drafts that are already being drawn are still delivered."""
        self._inbox.forget(name)

    async def draw(self, request: Request) -> "list[Draft]":
        """The drafts of `request`.

        Raises `Busy` if the queue is full, `Unavailable` past the deadline or if the engine is closed, `EngineDead` if
        it has failed for good, and every error of loading the voice. A request that is cancelled or late stops at its
        next token.
        """
        if self._inbox.closing:
            raise NotNow(STOPPING)
        if self.dead:
            raise EngineDead
        ticket = Ticket(request)
        self._tickets[ticket] = None
        try:
            self._make_room()
            self.warm_up()
            self._inbox.put(ticket)
            async with asyncio.timeout(self.settings.timeout_seconds):
                return await ticket.answer
        except TimeoutError:
            raise too_slow(self.settings) from None
        finally:
            del self._tickets[ticket]
            # Nobody waits for the answer any more, even if one still comes.
            ticket.answer.cancel()
            self._inbox.close(ticket)

    def _make_room(self) -> None:
        """If the queue is full, refuse one request: the latest one of the person or name with the most requests."""
        if len(self._tickets) <= self.settings.max_waiting:
            return
        waiting = [ticket for ticket in self._tickets if not ticket.admitted and not ticket.answer.done()]
        busy = Busy(len(self._tickets) * self._inbox.seconds_per_request)
        unlucky = one_too_many(waiting)
        unlucky.cancelled = True
        unlucky.answer.set_exception(busy)
        if unlucky is waiting[-1]:
            # Nobody awaits it yet.
            unlucky.answer.exception()
            raise busy

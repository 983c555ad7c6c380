"""Generation: drafts of any voice, from the event loop or from the command line, all in one batch.

    drafts = await engine.draw(Request(version, "We are", count=5, seed=7))

Knows the queue's bound, deadlines and the thread that computes. Does not know names' consent, or what a good tweet is.
"""

import asyncio
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from huggingtweets.core.config import GenerationSettings
from huggingtweets.core.errors import Busy, EngineDead, NotNow, Unavailable
from huggingtweets.generation.engine.lives import live
from huggingtweets.generation.engine.tickets import Inbox, Request, Ticket, one_too_many

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

__all__ = ["Engine", "Request"]

WATCH_SECONDS = 0.5
STOPPING = "I am being stopped; try again when I am back."


class Engine:
    """One thread owns the models. Use it as an async context manager: leaving it ends what still runs."""

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

    @property
    def waiting(self) -> int:
        """Requests that are queued or running."""
        return len(self._tickets)

    @property
    def dead(self) -> bool:
        """Whether it has failed for good."""
        ended = self._thread is not None and not self._thread.is_alive()
        return self._inbox.dead or (ended and not self._inbox.closing)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn now; empty when it can."""
        if self.dead:
            return "the engine has failed"
        still = time.monotonic() - self._inbox.beat
        return f"no step for {still:.0f} s" if self._thread and still > self.settings.timeout_seconds else ""

    async def answers(self) -> None:
        """Make sure that something can be drawn; raises `EngineDead`, or `Unavailable` when it stands still."""
        if self.dead:
            raise EngineDead
        if problem := self.problem:
            raise Unavailable(f"The engine stands still: {problem}.")

    async def watch(self) -> None:
        """Raises `EngineDead` once it has failed for good; it never returns."""
        # A thread that ends without a word tells nobody, so it is looked at.
        while not self.dead:  # noqa: ASYNC110
            await asyncio.sleep(WATCH_SECONDS)
        self._inbox.fail_open(EngineDead(), dead=True)
        raise EngineDead

    def warm_up(self) -> None:
        """Have the worker import what it computes with, which takes seconds, before somebody waits for it."""
        if not self._thread:
            self._inbox.beat = time.monotonic()
            self._thread = threading.Thread(target=live, args=(self.settings, self._inbox), name="engine", daemon=True)
            self._thread.start()

    def forget(self, name: str) -> None:
        """Let go of every voice of `name` that is in memory; drafts under way are still handed out."""
        self._inbox.forget(name)

    async def draw(self, request: Request) -> "list[Draft]":
        """The drafts of `request`.

        Raises `Busy` when the queue is full, `Unavailable` past the deadline or when the engine is closed, `EngineDead`
        when it has failed for good, and whatever loading the voice does; a request that is cancelled or late stops at
        its next token.
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
            raise NotNow(
                f"Drawing took longer than {self.settings.timeout_seconds:g} s; try again with fewer tweets."
            ) from None
        finally:
            del self._tickets[ticket]
            # An answer that comes after all is nobody's.
            ticket.answer.cancel()
            self._inbox.close(ticket)

    def _make_room(self) -> None:
        """Let one request go when the queue is full: of those that ask for the most, the one that came last."""
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

"""Generation: drafts of any voice, from the event loop or from the command line, all in one batch.

    drafts = await engine.draw(Request(version, "We are", count=5, seed=7))

Knows the queue's bound, deadlines and the thread that computes. Does not know names' consent, or what a good tweet is.
"""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from huggingtweets.config import Generation
from huggingtweets.engine.tickets import Inbox, Request, Ticket, one_too_many
from huggingtweets.errors import Busy, Unavailable
from huggingtweets.library_lock import TRANSFORMERS

if TYPE_CHECKING:
    from huggingtweets.engine.decode import Draft

__all__ = ["Engine", "Request"]

STOPPING = "The engine is being stopped; try again when it is back."


class Engine:
    """One thread owns the models. Use it as an async context manager: leaving it ends what still runs."""

    def __init__(self, settings: Generation, beside: Path | None = None):
        self.settings = settings
        self._beside = beside
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

    def warm_up(self) -> None:
        """Have the worker import what it computes with, which takes seconds, before somebody waits for it."""
        if not self._thread:
            arguments = (self.settings, self._inbox, self._beside)
            self._thread = threading.Thread(target=_work, args=arguments, name="engine", daemon=True)
            self._thread.start()

    def forget(self, name: str) -> None:
        """Let go of every voice of `name` that is in memory; drafts under way are still handed out."""
        self._inbox.forget(name)

    async def draw(self, request: Request) -> "list[Draft]":
        """The drafts of `request`.

        Raises `Busy` when the queue is full, `Unavailable` past the deadline or when the engine is closed, and whatever
        loading the voice does; a request that is cancelled or late stops at its next token.
        """
        if self._inbox.closing:
            raise Unavailable(STOPPING)
        ticket = Ticket(request)
        self._tickets[ticket] = None
        try:
            self._make_room()
            self.warm_up()
            self._inbox.put(ticket)
            async with asyncio.timeout(self.settings.timeout_seconds):
                return await ticket.answer
        except TimeoutError:
            raise Unavailable(
                f"Drawing took longer than {self.settings.timeout_seconds:g} s; try again with fewer tweets."
            ) from None
        finally:
            ticket.cancelled = True
            del self._tickets[ticket]
            # An answer that comes after all is nobody's.
            ticket.answer.cancel()
            self._inbox.wake()

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


def _work(settings: Generation, inbox: Inbox, beside: Path | None) -> None:
    """On the engine's thread. torch is imported here, so that the process starts without it."""
    with TRANSFORMERS:
        from huggingtweets.engine.worker import Worker

    Worker(settings, inbox, beside).run()

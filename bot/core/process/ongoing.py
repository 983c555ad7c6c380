"""Work that runs in a task of its own while a context lasts, and how such work waits between two rounds.

Knows asyncio. Does not know what the work is.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Self
from weakref import WeakSet

_CANCELLED: WeakSet[asyncio.Task[Any]] = WeakSet()


class Ongoing(ABC):
    """An async context manager. Entering it starts `_go_on`; leaving it cancels that and waits until it has ended."""

    task: asyncio.Task[None]
    """The work, once the context is entered. It must not end by itself: its error would end the process."""

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._go_on(), name=type(self).__name__.lower())
        return self

    async def __aexit__(self, *ended: object) -> None:
        await end(self.task)

    @abstractmethod
    async def _go_on(self) -> None:
        """The work; it never returns."""


@asynccontextmanager
async def ongoing(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """The same for a coroutine that never returns; yields its task."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        await end(task)


async def woken(wake: asyncio.Event, within_seconds: float) -> bool:
    """Wait until `wake` is set, but not longer than that. Returns True if it was set.

    Every loop waits by this. `asyncio.wait_for` is banned here: up to Python 3.11 it loses a cancellation that comes
    together with what it waits for, and then the loop goes on for ever.
    """
    try:
        async with asyncio.timeout(within_seconds):
            return await wake.wait()
    except TimeoutError:
        return False


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel `tasks` and wait until they have ended, whatever they end with."""
    cancel(*tasks)
    await asyncio.gather(*tasks, return_exceptions=True)


def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel `tasks`, each only once. A second cancellation would interrupt what a task still does to end in order.

    `Task.cancelling` does not tell who was cancelled from here: it is also above 0 for a moment when a time-out within
    the task ends, and such a task would go on for ever.
    """
    for task in tasks:
        if task not in _CANCELLED:
            _CANCELLED.add(task)
            task.cancel()

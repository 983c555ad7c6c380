"""Work that goes on in a task of its own for as long as a context lasts.

Knows asyncio. Does not know what the work is.
"""

import asyncio
from abc import ABC, abstractmethod
from typing import Self


class Ongoing(ABC):
    """An async context manager: entering it starts `_go_on`, leaving it cancels that and waits until it has ended."""

    task: asyncio.Task[None]
    """The work, once the context is entered. It must not end by itself: when it does, its error is the process's."""

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._go_on(), name=type(self).__name__.lower())
        return self

    async def __aexit__(self, *ended: object) -> None:
        await end(self.task)

    @abstractmethod
    async def _go_on(self) -> None:
        """The work; it never returns."""


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel `tasks` and wait until they have ended, whatever they end with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

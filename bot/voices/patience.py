"""A waiting room: a request that comes while everything is busy waits for a while. The number of places is bounded.

Knows what is busy and when to try again. Does not know who asks, or for what.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from huggingtweets.core.errors import Busy

SECONDS = 45.0  # the longest wait; for so long Discord shows that an answer is being written
PLACES = 200  # requests that may wait at once; each takes no more than a timer
SHORTEST, LONGEST = 0.5, 3.0  # seconds between two tries

Result = TypeVar("Result")


class WaitingRoom:
    """Tries again what was refused because everything is busy."""

    def __init__(self, *, seconds: float = SECONDS, places: int = PLACES):
        self._seconds = seconds
        self._places = places
        self._waiting = 0

    async def patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Returns what `call` returns. Raises its `Busy` if the time is up, or if no place is free."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._seconds
        while True:
            try:
                return await call()
            except Busy as busy:
                # The pauses differ, so waiting requests do not all try again at the same moment.
                pause = min(max(SHORTEST, busy.retry_after_seconds), LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311
                if self._waiting >= self._places or clock() + pause > deadline:
                    raise
            self._waiting += 1
            try:
                await asyncio.sleep(pause)
            finally:
                self._waiting -= 1

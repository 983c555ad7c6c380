"""Waiting for one's turn where everything is full: for a while, and for a bounded number of requests.

Knows what is busy and when to look again. Does not know who asks, or for what.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from huggingtweets.core.errors import Busy

SECONDS = 45.0  # that somebody waits at most; Discord shows for so long that an answer is being written
PLACES = 200  # requests that wait at once; it takes no more than a timer each
SHORTEST, LONGEST = 0.5, 3.0  # seconds between two looks

Result = TypeVar("Result")


class WaitingRoom:
    """Tries again what is busy now."""

    def __init__(self, *, seconds: float = SECONDS, places: int = PLACES):
        self._seconds = seconds
        self._places = places
        self._waiting = 0

    async def patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """What `call` gives; raises its `Busy` once the time is up, or when there is no place to wait."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._seconds
        while True:
            try:
                return await call()
            except Busy as busy:
                # Those that wait do not all come back at the same moment.
                pause = min(max(SHORTEST, busy.retry_after_seconds), LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311
                if self._waiting >= self._places or clock() + pause > deadline:
                    raise
            self._waiting += 1
            try:
                await asyncio.sleep(pause)
            finally:
                self._waiting -= 1

"""A waiting room: a request that comes while everything is busy waits for its turn. The number of places is bounded.

Whoever comes while others wait stands behind them and does not try first. Whoever has waited longest is called as soon
as another request has ended. They try again; if it is busy still, they keep their place in the line. If nothing ends
here, the first in the line tries again from time to time, because what is busy may have become free in another way.

Knows what is busy and who came when. Does not know who asks, or for what.
"""

import asyncio
import itertools
from bisect import insort
from collections.abc import Awaitable, Callable
from typing import TypeVar

from huggingtweets.core.errors import Busy

SECONDS = 45.0  # the longest wait; for so long Discord shows that an answer is being written
PLACES = 200  # requests that may wait at once; each takes no more than a place in a list
SHORTEST, LONGEST = 0.5, 3.0  # seconds between two tries of the first in the line while nothing ends

Result = TypeVar("Result")


class WaitingRoom:
    """Tries again what was refused because everything is busy."""

    def __init__(self, *, seconds: float = SECONDS, places: int = PLACES):
        self._seconds = seconds
        self._places = places
        self._numbers = itertools.count()
        self._line: list[tuple[int, asyncio.Task[None]]] = []  # who sleeps here; the first to come stands first

    async def patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Returns what `call` returns. Raises its `Busy` if the time is up, or if no place is free."""
        clock = asyncio.get_running_loop().time
        number, deadline, has_waited = next(self._numbers), clock() + self._seconds, False
        if 0 < len(self._line) < self._places:
            has_waited = True
            await self._turn(number, self._seconds)
        while True:
            try:
                return await self._tried(call)
            except Busy as busy:
                pause = min(max(SHORTEST, busy.retry_after_seconds), LONGEST)
                if clock() + pause > deadline:
                    if has_waited:
                        self._call_next()
                    raise
                if not has_waited and len(self._line) >= self._places:
                    raise
            has_waited = True
            await self._turn(number, pause if self._is_first(number) else deadline - clock())

    async def _tried(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """The same without waiting. If something ends, the next one in the line is called."""
        has_ended = True
        try:
            return await call()
        except Busy:
            has_ended = False
            raise
        finally:
            if has_ended:
                self._call_next()

    def _is_first(self, number: int) -> bool:
        """Returns True if nobody who came before `number` waits."""
        return not self._line or number < self._line[0][0]

    async def _turn(self, number: int, seconds: float) -> None:
        """Wait until whoever came as `number` is called, for `seconds` at most."""
        sleep = asyncio.create_task(asyncio.sleep(seconds))
        place, has_come = (number, sleep), False
        insort(self._line, place)
        try:
            await asyncio.wait([sleep])
            has_come = True
        finally:
            sleep.cancel()
            is_next = place not in self._line or place == self._line[0]
            if place in self._line:
                self._line.remove(place)
            if is_next and not has_come:
                self._call_next()

    def _call_next(self) -> None:
        if self._line:
            _, sleep = self._line.pop(0)
            sleep.cancel()

"""Who may do what, and how often.

Knows people as opaque ids and a clock. Does not know platforms or what is asked.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from bot.errors import TooOften

WINDOW_SECONDS = 60.0
MAX_PEOPLE = 10_000


class RateLimit:
    """At most `per_minute` requests of one person in any minute; remembers the last `MAX_PEOPLE` people."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic):
        self._per_minute = per_minute
        self._clock = clock
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, person: str) -> None:
        """Count one request of `person`; raises `TooOften`, and then does not count it."""
        now = self._clock()
        times = self._asked.setdefault(person, deque())
        self._asked.move_to_end(person)
        while len(self._asked) > MAX_PEOPLE:
            self._asked.popitem(last=False)
        while times and now - times[0] >= WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self._per_minute:
            raise TooOften(WINDOW_SECONDS - (now - times[0]))
        times.append(now)

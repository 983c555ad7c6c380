"""How often people may ask: limits of a person, of a server and of everybody, and a pause for who always wants more.

Knows people and servers as opaque ids and a clock. Does not know platforms or what is asked.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.config import Limits as Settings
from bot.errors import Paused, TooOften
from bot.store.pauses import Pauses

WINDOW_SECONDS = 60.0
MAX_PEOPLE = 10_000


def _now() -> float:
    return time.monotonic()


class RateLimit:
    """At most `per_minute` requests of one person in any minute; remembers the last `MAX_PEOPLE` people."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = _now):
        self._per_minute = per_minute
        self._clock = clock
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, person: str) -> float:
        """How long until a request of `person` is within the limit."""
        times = self._times(person)
        return WINDOW_SECONDS - (self._clock() - times[0]) if len(times) >= self._per_minute else 0.0

    def count(self, person: str) -> None:
        """Count one request of `person`; raises `TooOften`, and then does not count it."""
        if wait := self.wait_seconds(person):
            raise TooOften(wait)
        self._times(person).append(self._clock())

    def give_back(self, person: str) -> None:
        """Take back the last request of `person` that was counted."""
        if times := self._times(person):
            times.pop()

    def _times(self, person: str) -> deque[float]:
        times = self._asked.setdefault(person, deque())
        self._asked.move_to_end(person)
        while len(self._asked) > MAX_PEOPLE:
            self._asked.popitem(last=False)
        while times and self._clock() - times[0] >= WINDOW_SECONDS:
            times.popleft()
        return times


class Limits:
    """What everybody has to keep to. `clock` is for pauses, which the database remembers."""

    def __init__(self, settings: Settings, pauses: Pauses, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings = settings
        self._pauses = pauses
        self._clock = clock
        self._person = RateLimit(settings.requests_per_minute)
        self._server = RateLimit(settings.server_requests_per_minute)
        self._total = RateLimit(settings.total_requests_per_minute)

    async def count(self, person: str, server: str = "") -> None:
        """Count one request; raises `TooOften` or `Paused`, and then does not count it."""
        await self.refuse_paused(person)
        if wait := self._person.wait_seconds(person):
            await self._strike(person, server)
            raise TooOften(wait)
        if server and (wait := self._server.wait_seconds(server)):
            raise TooOften(wait, "This server asks a lot just now")
        if wait := self._total.wait_seconds(""):
            raise TooOften(wait, "Everybody asks at once just now")
        self._person.count(person)
        self._total.count("")
        if server:
            self._server.count(server)

    def give_back(self, person: str, server: str = "") -> None:
        """Take back a request that was refused because too many others came first: it costs nobody anything."""
        self._person.give_back(person)
        self.give_back_shared(server)

    def give_back_shared(self, server: str = "") -> None:
        """Take back what a refused request cost the others. Whoever made it pays, lest it be made without end."""
        self._total.give_back("")
        if server:
            self._server.give_back(server)

    async def refuse_paused(self, person: str) -> None:
        """Raises `Paused` for somebody who is."""
        pause = await self._pauses.get(person)
        if pause and pause.until:
            raise Paused((pause.until - self._clock()).total_seconds())
        if pause:
            raise Paused(None)

    async def _strike(self, person: str, server: str) -> None:
        """Note that `person` asks too much; enough of that within a while is a pause."""
        now, settings = self._clock(), self._settings
        since = now - timedelta(minutes=settings.strike_minutes)
        if await self._pauses.strike(person, "asked too often", server=server, since=since) >= settings.strikes:
            until = now + timedelta(minutes=settings.pause_minutes)
            await self._pauses.pause(person, "asked too often", "limits", until)
            raise Paused(settings.pause_minutes * 60)

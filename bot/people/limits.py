"""How often people may ask: limits for a person, a server and everybody, and a pause for people who keep going over.

Tweets count as one request, a picture as two, and something that is only looked up as a quarter. What people decide
about themselves, what admins do, and clicks have a limit of their own (`count_own`). Asking for tweets does not use it
up, and a pause does not apply to it.

Knows people and servers as opaque ids and a clock. Does not know platforms or what is asked.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.config import LimitsSettings
from bot.core.errors import Paused, TooOften
from bot.store.people.pauses import Pauses
from huggingtweets.core.text.phrases import Phrase

WINDOW_SECONDS = 60.0
MAX_PEOPLE = 10_000
ASKED_TOO_OFTEN = Phrase("asked too often")


def _now() -> float:
    return time.monotonic()


TWEETS = 1.0  # an answer with tweets counts as so many requests
PICTURE = 2.0  # making one takes a second of a core
PUBLIC = 1.0  # any other message that everybody sees
CHEAP = 0.25  # something that is looked up for one person, or a click


@dataclass(slots=True)
class _Asked:
    """The requests of somebody within the window: when, and as how many each counts. `spent` is what all count."""

    requests: deque[tuple[float, float]] = field(default_factory=deque)
    spent: float = 0.0


class RateLimit:
    """At most `per_minute` requests of one person in any minute. Remembers the last `MAX_PEOPLE` people."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = _now):
        self.per_minute = per_minute
        self._clock = clock
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def wait_seconds(self, person: str, cost: float = TWEETS) -> float:
        """How long `person` must wait before they may ask for something that counts as `cost` requests."""
        asked = self._of(person)
        spent = asked.spent
        room = self.per_minute - min(cost, self.per_minute)
        wait = 0.0
        for at, counted in asked.requests:
            if spent <= room and spent < self.per_minute:
                break
            spent -= counted
            wait = WINDOW_SECONDS - (self._clock() - at)
        return wait

    def count(self, person: str, cost: float = TWEETS) -> None:
        """Count a request of `person`. Raises `TooOften` if it is one too many; then it is not counted."""
        if wait := self.wait_seconds(person, cost):
            raise TooOften(wait)
        self.note(person, cost)

    def note(self, person: str, cost: float) -> None:
        """Count a request even if it is over the limit."""
        if cost:
            asked, counted = self._of(person), min(cost, self.per_minute)
            asked.requests.append((self._clock(), counted))
            asked.spent += counted

    def give_back(self, person: str, cost: float) -> None:
        """Uncount the last request that counted as `cost`."""
        asked = self._of(person)
        for place in reversed(range(len(asked.requests))):
            if asked.requests[place][1] == min(cost, self.per_minute):
                asked.spent -= asked.requests[place][1]
                del asked.requests[place]
                return

    def asked(self, person: str) -> int:
        """How many requests of `person` count now."""
        return len(self._of(person).requests)

    def _of(self, person: str) -> _Asked:
        asked = self._asked.setdefault(person, _Asked())
        self._asked.move_to_end(person)
        while len(self._asked) > MAX_PEOPLE:
            self._asked.popitem(last=False)
        while asked.requests and self._clock() - asked.requests[0][0] >= WINDOW_SECONDS:
            asked.spent -= asked.requests.popleft()[1]
        if not asked.requests:
            asked.spent = 0.0  # what rounding may have left
        return asked


class Limits:
    """The limits that hold for everybody. `clock` is for pauses, which are stored in the database."""

    def __init__(
        self, settings: LimitsSettings, pauses: Pauses, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ):
        self._settings = settings
        self._pauses = pauses
        self._clock = clock
        self._person = RateLimit(settings.requests_per_minute)
        self._server = RateLimit(settings.server_requests_per_minute)
        self._total = RateLimit(settings.total_requests_per_minute)
        self._own = RateLimit(settings.requests_per_minute)

    def follow(self, settings: LimitsSettings) -> None:
        """Let new limits hold. What was asked lately still counts."""
        self._settings = settings
        for limit, per_minute in (
            (self._person, settings.requests_per_minute),
            (self._own, settings.requests_per_minute),
            (self._server, settings.server_requests_per_minute),
            (self._total, settings.total_requests_per_minute),
        ):
            limit.per_minute = per_minute

    async def count(self, person: str, server: str = "", cost: float = TWEETS) -> None:
        """Count a request. Raises `TooOften` or `Paused` if it is refused; then it is not counted."""
        await self.refuse_paused(person)
        if wait := self._person.wait_seconds(person, cost):
            await self._strike(person, server)
            raise TooOften(wait)
        if server and (wait := self._server.wait_seconds(server, cost)):
            raise TooOften(wait, Phrase("A lot is asked here just now"))
        if wait := self._total.wait_seconds("", cost):
            raise TooOften(wait, Phrase("Everybody asks at once just now"))
        self._person.note(person, cost)
        self._total.note("", cost)
        if server:
            self._server.note(server, cost)

    def count_own(self, person: str, cost: float) -> None:
        """Count what people decide about themselves and what admins do. Raises `TooOften`; no pause follows."""
        self._own.count(person, cost)

    def asked(self, person: str) -> int:
        """How many requests of `person` count now."""
        return self._person.asked(person)

    def note_failure(self, person: str) -> None:
        """Count a little for a request that failed before it was counted."""
        self._person.note(person, CHEAP)

    def give_back(self, person: str, server: str = "", cost: float = TWEETS) -> None:
        """Uncount a request that was refused because too many others came first."""
        self._person.give_back(person, cost)
        self.give_back_shared(server, cost)

    def give_back_shared(self, server: str = "", cost: float = TWEETS) -> None:
        """Uncount a refused request for the server and for everybody.

        It still counts for the person who made it. Otherwise they could make it without end.
        """
        self._total.give_back("", cost)
        if server:
            self._server.give_back(server, cost)

    async def refuse_paused(self, person: str) -> None:
        """Raises `Paused` if `person` is paused."""
        pause = await self._pauses.get(person)
        if pause and pause.until:
            raise Paused((pause.until - self._clock()).total_seconds())
        if pause:
            raise Paused(None)

    async def _strike(self, person: str, server: str) -> None:
        """Note that `person` went over the limit. Several such strikes within a while lead to a pause."""
        now, settings = self._clock(), self._settings
        since = now - timedelta(minutes=settings.strike_minutes)
        if await self._pauses.strike(person, str(ASKED_TOO_OFTEN), server=server, since=since) >= settings.strikes:
            until = now + timedelta(minutes=settings.pause_minutes)
            await self._pauses.pause(person, ASKED_TOO_OFTEN, "limits", until)
            raise Paused(settings.pause_minutes * 60)

"""What can go wrong at a far end (X, Bluesky), one class a meaning, and how long to go on trying.

    Unavailable
    └─ Upstream(service)      a far end did not do what was asked
       ├─ NotReached          there was no connection: nothing was done there
       ├─ InDoubt             no answer, or one that cannot be read: it may have been done
       ├─ RateLimited(until)  too many requests; `until` where it says when to come back
       ├─ Refused             a clear no: nothing was done
       │  ├─ BadCredentials   401
       │  ├─ OutOfCredit      402
       │  ├─ Forbidden        403
       │  │  ├─ Duplicate     the same text as a post that is there
       │  │  └─ Suspended     the account that asks is suspended or locked
       │  └─ NotFound         404
       └─ NoAccount(handle)   somebody's posts cannot be read: unknown, protected, suspended, empty

Knows meanings and clocks. Does not know HTTP or any platform.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from huggingtweets.errors import Unavailable

T = TypeVar("T")


class Upstream(Unavailable):
    """A far end, `service`, did not do what was asked."""

    def __init__(self, service: str, sentence: str):
        super().__init__(sentence)
        self.service = service


class NotReached(Upstream):
    """There was no connection, so nothing was done there."""

    def __init__(self, service: str, why: str):
        super().__init__(service, f"{service} cannot be reached ({why}); check the network, or try again later.")


class InDoubt(Upstream):
    """No answer, or one that cannot be read: what was asked may have been done."""

    def __init__(self, service: str, why: str):
        super().__init__(service, f"{service} gave no usable answer ({why}); try again later.")


class RateLimited(Upstream):
    """Too many requests. `until` is when to come back, if the far end said so."""

    def __init__(self, service: str, until: datetime | None = None):
        when = f"after {until:%H:%M:%S} UTC" if until else "in a quarter of an hour"
        super().__init__(service, f"{service} takes no more requests now; try again {when}.")
        self.until = until


class Refused(Upstream):
    """A clear no: nothing was done."""


class BadCredentials(Refused):
    """The keys or tokens are wrong, revoked, or lack a permission."""


class OutOfCredit(Refused):
    """The far end wants money first."""


class Forbidden(Refused):
    """Not allowed for this account or app."""


class Duplicate(Forbidden):
    """The same text as a post that is there already."""


class Suspended(Forbidden):
    """The account that asks is suspended or locked."""


class NotFound(Refused):
    """What was named is not there."""


class NoAccount(Upstream):
    """Somebody's posts cannot be read. `gone` tells that what was collected earlier must go, too."""

    def __init__(self, service: str, handle: str, why: str, mend: str, *, gone: bool = True):
        super().__init__(service, f"@{handle} on {service} {why}; {mend}.")
        self.handle = handle
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again what is safe to repeat.

    Waits double from `first_seconds` on, with jitter; a wait that the far end asks for is an error when it is longer
    than `longest_seconds`.
    """

    attempts: int = 4
    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` gives in the end; raises its last error. Only for calls that may be made twice."""
        for attempt in range(self.attempts - 1):
            try:
                return await call()
            except (NotReached, InDoubt, RateLimited) as error:
                await asyncio.sleep(self._wait(error, attempt))
        return await call()

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failure number `attempt`, from 0: doubled each time, of which up to half is chance.

        Without chance all clients would come back at once (Brooker 2015, "Exponential Backoff And Jitter").
        """
        whole = min(self.longest_seconds, self.first_seconds * 2.0 ** min(attempt, 60))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311  no secret

    def _wait(self, error: Upstream, attempt: int) -> float:
        if not isinstance(error, RateLimited) or error.until is None:
            return self.delay(attempt)
        wait = max(0.0, (error.until - datetime.now(UTC)).total_seconds())
        if wait > self.longest_seconds:
            raise error
        return wait + self.first_seconds * random.random()  # noqa: S311  the clocks differ by a little

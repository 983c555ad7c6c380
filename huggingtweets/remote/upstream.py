"""What can go wrong at a far end (X, Bluesky), with a class for each meaning, and how long to go on trying.

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
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, TypeVar

from huggingtweets.core.errors import Unavailable
from huggingtweets.core.text.phrases import Phrase

T = TypeVar("T")
LONGEST_LIMIT = timedelta(hours=25)  # X has limits of a day


class Upstream(Unavailable):
    """A far end, `service`, did not do what was asked. People are told `SAYS`, and not what the far end said."""

    SAYS: ClassVar[Callable[..., Phrase]] = partial(Phrase, "{service} did not do what I asked; try again later.")

    def __init__(self, service: str, sentence: str, *, for_people: str = ""):
        super().__init__(sentence, for_people=for_people or self.SAYS(service=service))
        self.service = service


class NotReached(Upstream):
    """There was no connection, so nothing was done there."""

    SAYS = partial(Phrase, "{service} cannot be reached just now; try again later.")

    def __init__(self, service: str, why: str):
        super().__init__(service, f"{service} cannot be reached ({why}); check the network, or try again later.")


class InDoubt(Upstream):
    """No answer, or one that cannot be read: what was asked may have been done."""

    SAYS = partial(Phrase, "{service} gave no answer that I understand; see what was done there before you try again.")

    def __init__(self, service: str, why: str):
        super().__init__(service, f"{service} gave no usable answer ({why}); try again later.")


class RateLimited(Upstream):
    """Too many requests. `until` is when to come back, if the far end said so."""

    def __init__(self, service: str, until: datetime | None = None):
        if until:
            sentence = Phrase(
                "{service} takes no more requests now; try again after {time} UTC.",
                service=service,
                time=f"{until:%H:%M:%S}",
            )
        else:
            sentence = Phrase(
                "{service} takes no more requests now; try again in a quarter of an hour.", service=service
            )
        super().__init__(service, sentence, for_people=sentence)
        self.until = until


class Refused(Upstream):
    """A clear no: nothing was done."""

    SAYS = partial(Phrase, "{service} refuses this; whoever runs me finds in the log why.")


class BadCredentials(Refused):
    """The keys or tokens are wrong, revoked, or lack a permission."""

    SAYS = partial(Phrase, "{service} does not let me in; whoever runs me has to set keys that are valid there.")


class OutOfCredit(Refused):
    """The far end wants money first."""

    SAYS = partial(Phrase, "{service} wants to be paid first; whoever runs me can buy credit there.")


class Forbidden(Refused):
    """Not allowed for this account or app."""

    SAYS = partial(Phrase, "{service} does not allow me this; whoever runs me finds in the log why.")


class Duplicate(Forbidden):
    """The same text as a post that is there already."""

    SAYS = partial(Phrase, "{service} has this very text already; write another.")


class Suspended(Forbidden):
    """The account that asks is suspended or locked."""

    SAYS = partial(Phrase, "{service} has suspended or locked the account; see what was mailed to its owner about it.")


class NotFound(Refused):
    """What was named is not there."""

    SAYS = partial(Phrase, "{service} has no such thing, or not any more.")


class NoAccount(Upstream):
    """Somebody's posts cannot be read. With `gone`, the posts that were collected earlier must be deleted as well."""

    def __init__(self, service: str, handle: str, why: Phrase, mend: Phrase, *, gone: bool = True):
        sentence = Phrase("@{handle} on {service} {why}; {mend}.", handle=handle, service=service, why=why, mend=mend)
        super().__init__(service, sentence, for_people=sentence)
        self.handle = handle
        self.gone = gone


def limit_end(seconds: object) -> datetime | None:
    """When a limit ends, by what a far end says: seconds since 1970.

    None if that is no such number, or more than a day ahead: a header may say anything, and nobody should wait for
    years.
    """
    text = str(seconds)
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return None
    end = datetime.fromtimestamp(int(text), UTC)
    return end if end - datetime.now(UTC) <= LONGEST_LIMIT else None


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again what is safe to repeat.

    The first wait has `first_seconds`, and each wait is twice as long as the one before, with some chance. If the far
    end asks for a wait of more than `longest_seconds`, its error is raised.
    """

    attempts: int = 4
    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`, which may be made several times. Raises its last error."""
        for attempt in range(self.attempts - 1):
            try:
                return await call()
            except (NotReached, InDoubt, RateLimited) as error:
                await asyncio.sleep(self._wait(error, attempt))
        return await call()

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failure number `attempt`, counted from 0. They double each time; up to half is chance.

        Without chance, all clients would come back at once (Brooker 2015, "Exponential Backoff And Jitter").
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

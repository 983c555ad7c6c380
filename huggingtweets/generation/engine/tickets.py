"""Requests that wait or run, and whose turn it is: many requests by one person or for one name delay nobody else.

Knows names, persons and futures. Does not know models, rows' contents or threads.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from huggingtweets.core.errors import EngineDead
from huggingtweets.generation.engine.preview_voice import Drawable

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

FIRST_GUESS_SECONDS = 2.0  # that a request takes
REMEMBERED_DRAFTS = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """`count` drafts of `voice` that begin with `prompt`; the same seed gives the same drafts.

    They answer `context`, which is what was said before, one line a post.
    `person` is the person who asks; empty if that is not known. What is None of
    `temperature`, `top_p` and `max_tokens` is as the settings say.
    """

    voice: Drawable
    prompt: str
    count: int
    seed: int
    person: str = ""
    context: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


@dataclass(slots=True, eq=False)
class Ticket:
    """A request in the engine. `cancelled` says that nobody waits for it any more, `admitted` that it has rows."""

    request: Request
    answer: "asyncio.Future[list[Draft]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    cancelled: bool = False
    admitted: bool = False

    def resolve(self, drafts: "list[Draft]") -> None:
        """Answer with the drafts. May be called from any thread."""
        self._call(self.answer.set_result, drafts)

    def fail(self, error: BaseException) -> None:
        """Answer with an error. May be called from any thread."""
        self._call(self.answer.set_exception, error)

    def _call(self, settle: Any, value: Any) -> None:
        loop = self.answer.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self.answer.done() or settle(value))


@dataclass(slots=True)
class Inbox:
    """What other threads leave for the worker. The condition `changed` guards all of it.

    `open` are all tickets that somebody still waits for. `beat` is the time at which the worker last looked. `voices`
    says how many voices were in memory then, and how many bytes they took.
    """

    changed: threading.Condition = field(default_factory=threading.Condition)
    new: list[Ticket] = field(default_factory=list)
    open: set[Ticket] = field(default_factory=set)
    forgotten: list[str] = field(default_factory=list)
    closing: bool = False
    dead: bool = False
    beat: float = field(default_factory=time.monotonic)
    seconds_per_request: float = FIRST_GUESS_SECONDS
    voices: tuple[int, int] = (0, 0)

    def put(self, ticket: Ticket) -> None:
        """Add a request, from any thread. Raises `EngineDead` if there is no worker any more."""
        with self.changed:
            if self.dead:
                raise EngineDead
            self.new.append(ticket)
            self.open.add(ticket)
            self.changed.notify()

    def close(self, ticket: Ticket) -> None:
        """Nobody waits for `ticket` any more."""
        with self.changed:
            ticket.cancelled = True
            self.open.discard(ticket)
            self.changed.notify()

    def fail_open(self, error: Exception, *, dead: bool) -> None:
        """Answer everybody who waits with `error`. `dead` says that there is no worker from now on."""
        with self.changed:
            self.dead |= dead
            self.new.clear()
            for ticket in self.open:
                ticket.fail(error)

    def forget(self, name: str) -> None:
        """Ask the worker, from any thread, to remove the voices of `name` from memory."""
        with self.changed:
            self.forgotten.append(name)
            self.changed.notify()

    def wake(self, *, closing: bool = False) -> None:
        """Wake the worker, so that it looks at what has changed. With `closing` it ends."""
        with self.changed:
            self.closing |= closing
            self.changed.notify()


class Turns:
    """Decides whose turn it is: the waiting ticket whose person and name have had the fewest drafts lately."""

    def __init__(self) -> None:
        self._had: Counter[tuple[str, str]] = Counter()

    def next(self, waiting: Iterable[Ticket]) -> Ticket:
        """The ticket whose turn it is. Of equal ones the first to arrive is next. Call `had` when it gets its rows."""
        return min(waiting, key=lambda ticket: sum(self._had[key] for key in _keys(ticket)))

    def had(self, ticket: Ticket) -> None:
        """Count the drafts of `ticket`. The longer ago drafts were, the less they count."""
        for key in _keys(ticket):
            self._had[key] += ticket.request.count
        if self._had.total() > REMEMBERED_DRAFTS:
            self._had = Counter({key: count // 2 for key, count in self._had.items() if count > 1})


def one_too_many(waiting: Sequence[Ticket]) -> Ticket:
    """The request to refuse if the queue is full: the latest one of the person or name with the most requests.

    This is longest-queue drop (McKenney 1990, "Stochastic fairness queueing") with a queue for each person and name.
    """
    counts = Counter(key for ticket in waiting for key in _keys(ticket))
    return max(reversed(waiting), key=lambda ticket: sum(counts[key] for key in _keys(ticket)))


def _keys(ticket: Ticket) -> list[tuple[str, str]]:
    request = ticket.request
    return [("name", request.voice.name), *([("person", request.person)] if request.person else [])]

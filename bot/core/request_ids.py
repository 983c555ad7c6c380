"""One id for everything that is done because of one ask, in every line of the log.

An ask is an interaction or message on Discord, a request of the page, a training, a post. The id goes with the task
that answers, and with a training that the ask has begun. A failure is told under the same id.

Knows the variables of a context. Does not know who asks, or what for.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

REQUEST = "request"
_facts: ContextVar[Mapping[str, object]] = ContextVar("facts", default=MappingProxyType({}))


def new_id() -> str:
    """Six characters that are easy to read out."""
    return secrets.token_hex(3)


def begin_request() -> None:
    """From now on, this task and those that it starts do something for a new ask."""
    _facts.set({**_facts.get(), REQUEST: new_id()})


def request_id() -> str:
    """The id of the ask for which this task does something. Empty if there is none."""
    return str(_facts.get().get(REQUEST, ""))


def facts() -> Mapping[str, object]:
    """What every line of the log says that this task writes: the ask, and what `working_on` was told."""
    return _facts.get()


@contextmanager
def working_on(request: str = "", **more: object) -> Iterator[None]:
    """Lines of the log say `more`, such as the number of a training, and the ask, while the context lasts."""
    before = _facts.set({**_facts.get(), REQUEST: request or new_id(), **more})
    try:
        yield
    finally:
        _facts.reset(before)

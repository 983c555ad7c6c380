"""SIGTERM and Ctrl-C are put off until the process can stop without losing work.

Knows signals. Does not know what the work is.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from huggingtweets.core.errors import Terminated

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Postponed:
    """The signal that has come in meanwhile. `obey` acts on it."""

    def __init__(self) -> None:
        self._received: int | None = None

    @property
    def received(self) -> bool:
        """True if the process was told to stop."""
        return self._received is not None

    def obey(self) -> None:
        """If the process was told to stop, raise `Terminated`, or `KeyboardInterrupt` after Ctrl-C."""
        if self._received == signal.SIGINT:
            raise KeyboardInterrupt
        if self._received is not None:
            raise Terminated

    def _note(self, number: int, _: FrameType | None) -> None:
        self._received = number


@contextmanager
def postponed() -> Iterator[Postponed]:
    """A context in which the signals are only noted. A signal that was not obeyed inside is obeyed at its end.

    If another error ends the context, the signal is dropped. Outside the main thread this does nothing, because Python
    gives all signals to the main thread.
    """
    waiting = Postponed()
    if threading.current_thread() is not threading.main_thread():
        yield waiting
        return
    before = {number: signal.signal(number, waiting._note) for number in SIGNALS}
    try:
        yield waiting
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    waiting.obey()

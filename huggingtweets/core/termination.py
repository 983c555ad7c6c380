"""SIGTERM and Ctrl-C, put off until a place where the process may stop without losing work.

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
    """What has come in meanwhile; `obey` acts on it."""

    def __init__(self) -> None:
        self._received: int | None = None

    @property
    def received(self) -> bool:
        """Whether the process was told to stop."""
        return self._received is not None

    def obey(self) -> None:
        """Stop by raising `Terminated`, or `KeyboardInterrupt` for Ctrl-C, if the process was told to."""
        if self._received == signal.SIGINT:
            raise KeyboardInterrupt
        if self._received is not None:
            raise Terminated

    def _note(self, number: int, _: FrameType | None) -> None:
        self._received = number


@contextmanager
def postponed() -> Iterator[Postponed]:
    """Within it the signals are only noted.

    Outside the main thread, which Python gives all signals to, nothing changes. What was noted and not obeyed is obeyed
    at the end, unless another error is already on its way.
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

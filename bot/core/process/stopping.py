"""Stopping by a signal: in order, within a time, and at once after a second signal.

A thread of its own listens. So the process ends even if a part or the whole event loop hangs. What it leaves then is
what a kill would leave, and every part can go on from that.

Windows has no hang-ups, and its event loop takes the wake-ups that Python sends for signals. There the handlers write
them, so a signal is only noticed while the main thread runs Python's code.

Knows signals. Does not know what is stopped.
"""

import asyncio
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from concurrent.futures import Future
from types import FrameType
from typing import NoReturn, Self

log = logging.getLogger(__name__)

# The second of AT_ONCE ends the process. A closed terminal sends several hang-ups, which count as one.
if sys.platform == "win32":
    AT_ONCE = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
    HANG_UPS: tuple[int, ...] = ()
else:
    AT_ONCE = (signal.SIGINT, signal.SIGTERM)
    HANG_UPS = (signal.SIGHUP,)
SIGNALS = (*AT_ONCE, *HANG_UPS)
LOOP_TAKES_WAKEUPS = sys.platform == "win32"
APART_SECONDS = 0.3  # timeout(1) signals the process and then its group; signals this close count as one
BY_ITSELF, IN_ORDER = 0, 255  # not numbers of signals
THREADS_SECONDS = 1.0  # for threads that still compute once everything else has ended
LATE = 70  # the exit code of a stop that took too long
CHILD_SECONDS = 8.0  # the most that a child has to end; it may be writing a checkpoint
REST_SECONDS = 3.0  # for what ends after answers and children: the page, the database, the engine


class Stopping:
    """A context manager for the main thread, around the event loop. Inside it the signals ask for a stop.

    With `hang_up_reloads` a hang-up asks for something else: no terminal can send it, so somebody means it.

    The stop may take `within_seconds`, up to the end of the process and not only of the context.
    """

    def __init__(self, within_seconds: float, *, hang_up_reloads: bool = False):
        self.within_seconds = within_seconds
        self._hang_up_reloads = hang_up_reloads
        self._hang_ups: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: Future[None] = Future()
        self._before: dict[int, object] = {}
        self._wakeup_before: int | None = None
        # Sockets, because on Windows nothing else can be waited for.
        self._read_end, self._write_end = socket.socketpair()
        self._begun = False

    def __enter__(self) -> Self:
        self._write_end.setblocking(False)
        handler = self._tell_the_thread if LOOP_TAKES_WAKEUPS else _leave_to_the_thread
        for number in SIGNALS:
            # nohup(1) has switched hang-ups off. That stays so.
            if number in AT_ONCE or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, handler)
        if not LOOP_TAKES_WAKEUPS:
            self._wakeup_before = signal.set_wakeup_fd(self._write_end.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="signals", daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        if self._begun or self._asked.done():
            return  # the handlers stay until the process ends
        if self._wakeup_before is not None:
            signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._write_end.close()  # this ends the thread

    async def asked(self) -> None:
        """Wait until a stop is asked for."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        self._asked.add_done_callback(lambda _: loop.call_soon_threadsafe(event.set))
        await event.wait()

    async def hung_up(self) -> None:
        """Wait for the next hang-up, where hang-ups are no stop."""
        if self._hang_ups is None:
            self._loop, self._hang_ups = asyncio.get_running_loop(), asyncio.Event()
        await self._hang_ups.wait()
        self._hang_ups.clear()

    def begin(self) -> None:
        """Begin a stop without a signal. It may take as long as one that a signal asked for."""
        self._begun = True
        self._write_end.send(bytes([BY_ITSELF]))

    def in_order(self) -> None:
        """Everything that holds state has ended. Threads that still import or compute get only a little longer."""
        self._write_end.send(bytes([IN_ORDER]))

    def _tell_the_thread(self, number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):  # so many signals came that the thread has enough to read
            self._write_end.send(bytes([number]))

    def _listen(self) -> None:
        first, ends_at, at_the_end = 0.0, 0.0, self._late
        while True:
            left = max(0.0, ends_at - time.monotonic()) if ends_at else None
            if not select.select([self._read_end], [], [], left)[0]:
                at_the_end()
            numbers = self._read_end.recv(64)
            if not numbers:
                self._read_end.close()
                return
            for number in numbers:
                if number in HANG_UPS and self._hang_up_reloads:
                    self._tell_hang_up()
                elif number == IN_ORDER:
                    ends_at, at_the_end = min(ends_at, time.monotonic() + THREADS_SECONDS), _in_order
                elif number in AT_ONCE and first and time.monotonic() - first > APART_SECONDS:
                    _end(128 + number, "Told to stop a second time, so nothing was waited for")
                elif number in (*self._before, BY_ITSELF) and not first:
                    first = time.monotonic()
                    ends_at = first + self.within_seconds
                    self._asked.set_result(None)

    def _tell_hang_up(self) -> None:
        # One that comes during the start is no news: the settings were just read.
        if self._loop and self._hang_ups and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hang_ups.set)

    def _late(self) -> NoReturn:
        _end(LATE, f"The stop took more than {self.within_seconds:g} s: something hangs. It was not waited for")


def has_terminal() -> bool:
    """Returns True if this process belongs to a terminal, which sends a hang-up when it is closed."""
    if sys.platform == "win32":
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def seconds_for_answers(stop_seconds: float) -> float:
    """The part of a stop that answers and children under way may take."""
    return max(stop_seconds - REST_SECONDS, stop_seconds / 2)


def seconds_for_a_child(stop_seconds: float) -> float:
    """The time between asking a child to end and killing it."""
    return min(CHILD_SECONDS, seconds_for_answers(stop_seconds))


def _in_order() -> NoReturn:
    os._exit(0)


def _end(code: int, why: str) -> NoReturn:
    # The log and the interpreter's own end wait for threads that may hang, so they are not used.
    os.write(sys.stderr.fileno(), f"bot: {why}; what was under way goes on at the next start.\n".encode())
    os._exit(code)


def _leave_to_the_thread(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has already sent the number of the signal to the thread, whatever the main thread does."""

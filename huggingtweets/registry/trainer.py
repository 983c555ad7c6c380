"""The process that trains a voice. It notes itself in the voice's folder, so that another one can end it.

Knows processes and one file. Does not know locks, versions or what is trained.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from huggingtweets.core import atomic
from huggingtweets.core.process.living import process_of, this_process

if TYPE_CHECKING:
    import psutil

NOTE = ".trainer.json"
WISH = ".end-training.json"
SECONDS_TO_END = 15.0  # for a process that is asked to end: it may be writing a checkpoint
SECONDS_TO_DIE = 5.0
POLL_SECONDS = 0.05


@contextlib.contextmanager
def noted(home: Path) -> Iterator[None]:
    """Note in `home` that this process trains the voice, as long as the context lasts."""
    (home / WISH).unlink(missing_ok=True)
    atomic.write_json(home / NOTE, {"machine": socket.gethostname(), **this_process()})
    try:
        yield
    finally:
        for name in (NOTE, WISH):
            (home / name).unlink(missing_ok=True)


def end_other(home: Path, has_ended: Callable[[], bool]) -> None:
    """Ask the process that is noted in `home` to end, unless it is this one, and kill it if it takes too long.

    For a process on another machine a wish is left in the folder. Whoever has started it there looks for one.
    """
    import psutil

    if _is_elsewhere(home) and not has_ended():
        atomic.write_json(home / WISH, {})
        _wait(has_ended, SECONDS_TO_END)
        return
    for end, seconds in ((psutil.Process.terminate, SECONDS_TO_END), (psutil.Process.kill, SECONDS_TO_DIE)):
        process = _other(home)
        if not process or has_ended():
            return
        with contextlib.suppress(psutil.Error):
            end(process)
        _wait(has_ended, seconds)


def is_to_end(home: Path) -> bool:
    """Returns True if another machine wishes that the training in `home` ends."""
    return (home / WISH).exists()


def _wait(has_ended: Callable[[], bool], seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while not has_ended() and time.monotonic() < ends_at:
        time.sleep(POLL_SECONDS)


def _is_elsewhere(home: Path) -> bool:
    try:
        return bool(atomic.read_json(home / NOTE).get("machine", socket.gethostname()) != socket.gethostname())
    except (OSError, ValueError, AttributeError):
        return False


def _other(home: Path) -> "psutil.Process | None":
    """The process that is noted in `home`, if it lives and is not this one."""
    try:
        process = process_of(atomic.read_json(home / NOTE))
    except (OSError, ValueError):
        return None
    return process if process and process.pid != os.getpid() else None

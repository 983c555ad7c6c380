"""One training on one machine of the cluster: the command line in a child process, and what it says line by line.

Knows processes and pipes. Does not know how the lines are told, or what becomes of the training.
"""

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from bot.cluster.messages import Plan
from bot.cluster.storage import storage_of
from bot.core.process.child_process import child_environment
from bot.trainings.child import command_line
from bot.trainings.trainer import Lesson
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.config.settings_text import settings_text
from huggingtweets.registry.trainer import is_to_end
from huggingtweets.registry.versions import Registry

EVENT, LINE, UNFIT, ENDED = "event", "line", "unfit", "ended"
Said = tuple[str, str]
SECRETS = frozenset({"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"})
SECONDS_TO_END = 8.0  # it may be writing a checkpoint
OTHER_SECONDS = 120.0  # a training on a machine that was cut off may hold the voice for a while
POLL_SECONDS = 0.2


def learn(plan: Plan, mark: str, lesson: Lesson, settings: Settings) -> Iterator[Said]:
    """A task of Ray. Yields each event and each line of the log, and at last the exit code.

    It ends in the middle if Ray cancels it: the child gets time for a checkpoint. If this process is killed, the child
    ends with it.
    """
    if fault := storage_of(plan).fault(mark):
        yield UNFIT, fault
        return
    _wait_for_other(lesson, settings)
    with tempfile.TemporaryDirectory(prefix="huggingtweets-") as folder:
        config_file = Path(folder) / "config.toml"
        config_file.write_text(settings_text(settings), encoding="utf-8")
        arguments = command_line(lesson, config_file, max(1, int(plan.cluster.training_cpus)))
        yield from _said_by(arguments, partial(is_to_end, settings.storage.models / lesson.name))


def _wait_for_other(lesson: Lesson, settings: Settings) -> None:
    registry, until = Registry(settings.storage.models), time.monotonic() + OTHER_SECONDS
    while not registry.is_free(lesson.name) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def _said_by(arguments: list[str], is_to_end: Callable[[], bool]) -> Iterator[Said]:
    child = subprocess.Popen(  # noqa: S603  our own command line
        [sys.executable, "-m", "huggingtweets", *arguments, "--events"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(os.environ, SECRETS),
    )
    said: queue.SimpleQueue[Said] = queue.SimpleQueue()
    assert child.stdout
    assert child.stderr
    readers = [_reader(child.stdout, EVENT, said), _reader(child.stderr, LINE, said)]
    try:
        while any(reader.is_alive() for reader in readers) or not said.empty():
            if is_to_end():  # somebody in it is being forgotten
                child.terminate()
            # Never longer, because Ray cancels by an exception between two steps of Python.
            with contextlib.suppress(queue.Empty):
                yield said.get(timeout=POLL_SECONDS)
        yield ENDED, str(child.wait())
    finally:
        _end(child)


def _reader(pipe: IO[bytes], kind: str, said: "queue.SimpleQueue[Said]") -> threading.Thread:
    def read() -> None:
        for line in pipe:
            said.put((kind, line.decode(errors="replace").rstrip()))

    thread = threading.Thread(target=read, name=kind, daemon=True)
    thread.start()
    return thread


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

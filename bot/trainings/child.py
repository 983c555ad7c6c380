"""A training on this machine: a process of its own, without secrets and at a low priority.

Knows the command line and processes. Does not know jobs.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.process.child_process import ChildProcess, child_environment, running_child
from bot.core.process.stopping import CHILD_SECONDS
from bot.trainings.heard import Heard, failed
from bot.trainings.trainer import Lesson
from huggingtweets.core.events import Done, Skipped
from huggingtweets.core.process.cpu import usable_cores
from huggingtweets.registry.versions import Registry


@dataclass(frozen=True)
class TrainingChild:
    """A training that runs: its process, and what it has said."""

    name: str
    process: ChildProcess
    heard: Heard

    @property
    def log(self) -> str:
        """The last lines that it printed."""
        return self.process.log

    async def ended(self, within_seconds: float) -> bool:
        """Wait for its end, but not longer than that. Returns True if it has ended."""
        return await self.process.ended(within_seconds)

    async def stop(self) -> None:
        """Ask it to end, and kill it if that takes too long."""
        await self.process.stop()

    async def kill(self) -> None:
        """End it at once."""
        await self.process.kill()

    def outcome(self) -> Done | Skipped:
        """What a training that has ended gave. Raises `TrainingFailed` if it gave nothing."""
        code = self.process.exit_code
        if code == 0 and self.heard.result:
            return self.heard.result
        raise failed(self.name, self.process.complaint, code or 0, self.heard.failure)


class ChildTrainer:
    """Trains in child processes of this process. It is a `Trainer`."""

    def __init__(
        self,
        registry: Registry,
        config_file: Path | None,
        *,
        secret_names: frozenset[str] = frozenset(),
        seconds_to_end: float = CHILD_SECONDS,
    ):
        self._registry = registry
        self._config_file = config_file
        self._secret_names = secret_names
        self._seconds_to_end = seconds_to_end

    @asynccontextmanager
    async def train(self, lesson: Lesson) -> AsyncIterator[TrainingChild]:
        """A child that learns `lesson`; leaving the context ends it. Raises `OSError` if it cannot be started."""
        heard = Heard()
        arguments = await asyncio.to_thread(self._arguments, lesson)
        environment = child_environment(os.environ, self._secret_names)
        child = running_child(arguments, environment, seconds_to_end=self._seconds_to_end, hear=heard.hear)
        async with child as process:
            yield TrainingChild(lesson.name, process, heard)

    def _arguments(self, lesson: Lesson) -> list[str]:
        # One core stays free if there is a voice to answer with. Measured: if a training uses every core, an answer
        # takes 16 to 41 s instead of 2.
        cores = usable_cores()
        threads = max(1, cores - 1) if self._registry.names() else cores
        return command_line(lesson, self._config_file, threads)


def command_line(lesson: Lesson, config_file: Path | None, threads: int) -> list[str]:
    """The arguments to `huggingtweets` with which it learns `lesson`."""
    arguments = ["train", lesson.name, "--threads", str(threads)]
    if config_file:
        arguments += ["--config", str(config_file)]
    if lesson.min_new:
        arguments += ["--min-new", str(lesson.min_new)]
    if lesson.base:
        arguments += ["--base", lesson.base]
    for source in lesson.sources:
        arguments += ["--from", source]
    arguments += [f"--author={author}" for author in lesson.authors]
    return [*arguments, "--background", "--niceness", str(lesson.niceness)]

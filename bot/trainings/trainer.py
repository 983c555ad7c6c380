"""Where a voice is trained: in a process on this machine, or on another machine. The worker sees only this.

Knows what a training is told and how it ends. Does not know jobs, processes or machines.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.trainings.heard import Heard
from huggingtweets.core.events import Done, Skipped
from huggingtweets.core.people.names import VoiceName


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training: the voice `name` learns from `sources`, written as the command line takes them.

    `authors` say who of several people in a file is meant, as `--author` takes them. `base` is the base to train on if
    it is not that of the settings. With fewer than `min_new` new tweets, nothing is learned.
    """

    name: VoiceName
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    base: str = ""
    min_new: int = 0
    niceness: int = 19


class RunningTraining(Protocol):
    """A training that runs, or has ended."""

    @property
    def heard(self) -> Heard:
        """What it has said so far."""
        ...

    @property
    def log(self) -> str:
        """The last lines that it printed."""
        ...

    async def ended(self, within_seconds: float) -> bool:
        """Wait for its end, but not longer than that. Returns True if it has ended."""
        ...

    async def stop(self) -> None:
        """Ask it to end, and kill it if that takes too long. What it has learned so far is kept."""
        ...

    async def kill(self) -> None:
        """End it at once."""
        ...

    def outcome(self) -> Done | Skipped:
        """What a training that has ended gave. Raises `TrainingFailed` if it gave nothing."""
        ...


class Trainer(Protocol):
    """Trains voices. `tests/bot/trainings/trainer_contract.py` says what each one must do."""

    def train(self, lesson: Lesson) -> AbstractAsyncContextManager[RunningTraining]:
        """The training of `lesson`, which runs from here on. Leaving the context ends it."""
        ...

"""A training in a process of its own, without secrets and at a low priority.

Knows a training's events, what share of the whole each stage is, and how a training may end. Does not know jobs.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.child_process import ChildProcess, running_child
from bot.core.errors import TrainingFailed
from bot.core.stopping import CHILD_SECONDS
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.events import STAGES, Done, Event, Failed, Progress, Skipped

# What a stage is worth of the whole, in percent; measured on accounts of 400 to 3,200 tweets.
_SHARES = dict(zip(STAGES, (2, 2, 1, 83, 8, 1, 1, 1, 1), strict=True))


@dataclass
class Heard:
    """What a training has said so far."""

    stage: str = "starting"
    percent: int = 0
    foreseen: str = ""
    """What can be expected of the voice, for people."""
    result: Done | Skipped | None = None
    failure: str = ""
    """Why it has failed, for people."""
    last_sign: float = field(default_factory=time.monotonic)

    @property
    def silent_seconds(self) -> float:
        """How long there was no event."""
        return time.monotonic() - self.last_sign

    def hear(self, event: Event) -> None:
        """Take in one event."""
        self.last_sign = time.monotonic()
        match event:
            case Progress(stage=stage) if stage in _SHARES:
                self.stage, self.percent = stage, percent(stage, event.done, event.total)
                self.foreseen = event.foreseen or self.foreseen
            case Failed():
                self.failure = event.for_people
            case Done() | Skipped():
                self.result = event


@dataclass(frozen=True)
class TrainingChild:
    """A training that runs: its process, and what it has said."""

    name: str
    process: ChildProcess
    heard: Heard

    def outcome(self) -> Done | Skipped:
        """What a training that has ended gave. Raises `TrainingFailed` if it gave nothing."""
        code = self.process.exit_code
        if code == 0 and self.heard.result:
            return self.heard.result
        raise _failed(self.name, self.process.complaint, code or 0, self.heard.failure)


@asynccontextmanager
async def running_training(
    name: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    niceness: int = 19,
    seconds_to_end: float = CHILD_SECONDS,
) -> AsyncIterator[TrainingChild]:
    """A child that learns `name` with these arguments to `huggingtweets`; leaving the context ends it."""
    heard = Heard()
    background = ("--background", "--niceness", str(niceness))
    child = running_child([*arguments, *background], environment, seconds_to_end=seconds_to_end, hear=heard.hear)
    async with child as process:
        yield TrainingChild(name, process, heard)


def percent(stage: str, done: int, total: int) -> int:
    """How far the whole is, 0 to 99, when `done` of `total` of a stage are."""
    before = sum(share for name, share in _SHARES.items() if STAGES.index(name) < STAGES.index(stage))
    return min(99, round(before + _SHARES[stage] * done / max(1, total)))


def _failed(name: str, complaint: str, code: int, failure: str) -> TrainingFailed:
    """What the child says of its failure, or what its exit code means."""
    if complaint and code > 0:
        return TrainingFailed(complaint, for_people=failure or PipelineError.PEOPLE)
    if code < 0:
        cause = "out of memory, most likely" if code == -9 else f"signal {-code}"
        people = ", most likely because my memory was full" if code == -9 else ""
        again = "start it again and it goes on."
        return TrainingFailed(
            f"The training of {name} was ended from outside ({cause}); {again}",
            for_people=f"The training was ended from outside{people}; {again}",
        )
    return TrainingFailed(
        f"The training of {name} ended without a result (exit code {code}); the log has its last lines.",
        for_people=PipelineError.PEOPLE,
    )

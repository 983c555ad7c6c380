"""A trainer whose trainings have ended at once: for tests of what the worker does before and after one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.errors import TrainingFailed
from bot.trainings.heard import Heard
from bot.trainings.trainer import Lesson
from huggingtweets.core.events import Done, Event


@dataclass
class EndedTraining:
    """A training that gave a version with one sample, or failed for the reason `why`."""

    lesson: Lesson
    why: str = ""
    log: str = ""
    heard: Heard = field(default_factory=Heard)

    async def ended(self, within_seconds: float) -> bool:
        return True

    async def stop(self) -> None:
        """There is nothing to stop."""

    async def kill(self) -> None:
        """There is nothing to end."""

    def outcome(self) -> Done:
        if self.why:
            raise TrainingFailed(self.why)
        return Done(name=self.lesson.name, version="v1", samples=("The red dust again",))


@dataclass
class PromptTrainer:
    """Every training fails if there is a reason `why`, and has told `told` of itself by its end."""

    why: str = ""
    told: Sequence[Event] = ()

    @asynccontextmanager
    async def train(self, lesson: Lesson) -> AsyncIterator[EndedTraining]:
        training = EndedTraining(lesson, self.why)
        for event in self.told:
            training.heard.hear(event)
        yield training

"""Trainings on the cluster, as the gateway runs them: a task of Ray each, which can be ended.

Knows Ray's tasks. Does not know what a training says, or whether it is tried again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from bot.cluster.learning import ENDED, Said, learn
from bot.cluster.messages import Plan
from bot.core.errors import ClusterUnavailable
from bot.trainings.trainer import Lesson
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import first_line
from huggingtweets.registry.versions import Registry

with contextlib.suppress(ImportError):  # without the extra, nothing here is called
    import ray
    from ray.exceptions import RayError, TaskCancelledError

TERMINATED, KILLED = "-15", "-9"
POLL_SECONDS = 0.1


class Courses:
    """The trainings that run for this bot, by the number of the ask."""

    def __init__(self, plan: Plan, mark: str):
        self._plan, self._mark = plan, mark
        self._running: dict[int, tuple[Any, Lesson, Settings]] = {}
        self._ended_by: dict[int, str] = {}

    async def train(self, number: int, lesson: Lesson, settings: Settings) -> AsyncIterator[Said]:
        """What the training says. Raises `ClusterUnavailable` if its machine was lost; it may be tried again."""
        cluster = self._plan.cluster
        # Ray would try again by itself, and lose what the second try says. So it must not.
        task = ray.remote(learn).options(
            num_cpus=cluster.training_cpus,
            num_gpus=cluster.training_gpus,
            max_retries=0,
            num_returns="streaming",
            scheduling_strategy="SPREAD",
        )
        generator = task.remote(self._plan, self._mark, lesson, settings)
        self._running[number] = generator, lesson, settings
        try:
            async for reference in generator:
                yield await reference
        except TaskCancelledError:
            pass
        except RayError as error:
            if number not in self._ended_by:
                raise ClusterUnavailable(f"The machine of a training was lost ({first_line(error)}).") from error
        finally:
            with contextlib.suppress(RayError, ValueError):
                ray.cancel(generator, force=False)
            del self._running[number]
            code = self._ended_by.pop(number, "")
        if code:
            await self._until_free(lesson, settings, 2.0)
            yield ENDED, code

    async def end(self, number: int, within_seconds: float) -> None:
        """End a training: first in order, so that it can write a checkpoint, and at once when the time is over."""
        if number not in self._running:
            return
        generator, lesson, settings = self._running[number]
        if within_seconds:
            self._ended_by[number] = TERMINATED
            ray.cancel(generator, force=False)
            if await self._until_free(lesson, settings, within_seconds):
                return
        self._ended_by[number] = KILLED
        with contextlib.suppress(RayError, ValueError):
            ray.cancel(generator, force=True)

    async def _until_free(self, lesson: Lesson, settings: Settings, within_seconds: float) -> bool:
        """Wait until no process holds the voice. Returns False if one still does when the time is over."""
        registry, until = Registry(settings.storage.models), time.monotonic() + within_seconds
        while not await asyncio.to_thread(registry.is_free, lesson.name):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

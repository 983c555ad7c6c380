"""Retraining by schedule: a job learns what was collected since the version in use, unless that is too little.

Networks are read here, because the process of the training has no secrets.

Knows jobs and schedules. Does not know how tweets are collected or learned.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from bot.core.clock.schedule_entry import Schedule
from bot.core.errors import BotError, JobRefused, NotAllowed
from bot.people.willing import Willing
from bot.trainings.training import Training
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.sources.remote_sources import paths_among

log = logging.getLogger(__name__)

MIN_NEW_TWEETS = 20
GATHER_SECONDS = 45.0  # if a network is slower, the training goes on without what is new there

Gather = Callable[[VoiceName, Sequence[str]], Awaitable[list[str]]]


class Retraining:
    """The action `retrain` of a schedule. `gather` reads networks, and returns the sources that are paths."""

    def __init__(self, *, willing: Willing, training: Training, gather: Gather | None = None):
        self._willing = willing
        self._training = training
        self._gather = gather

    async def run(self, schedule: Schedule, due: datetime) -> str:
        """Queue a training of the schedule's voice. Returns what came of it; raises what `Training.start` raises."""
        try:
            await self._willing.refuse_to_learn(schedule.voice)  # before any of their tweets are read
        except NotAllowed as refused:
            return str(refused)
        options = {
            "min_new": schedule.options.get("min_new_tweets", MIN_NEW_TWEETS),
            "tell": True,
            "schedule": schedule.name,
            "due_at": due.isoformat(),
        }
        gathered = await self._gathered(schedule.voice, list(schedule.options.get("sources", [])))
        sources = [Path(source) for source in gathered]
        try:
            job = await self._training.start(
                f"schedule:{schedule.name}", schedule.voice, sources, options=options, keep=False
            )
        except (JobRefused, NotAllowed) as refused:
            return str(refused)
        return f"job {job.id}"

    async def _gathered(self, voice: VoiceName, sources: list[str]) -> list[str]:
        if not self._gather:
            return sources
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                return await self._gather(voice, sources)
        except (PipelineError, BotError, TimeoutError) as error:
            log.warning("what is new of %s could not be read: %s", voice, error or type(error).__name__)
            return paths_among(sources, voice)

"""Retraining by schedule: a job for what was collected since the version in use, and nothing where that is too little.

Knows jobs and schedules. Does not know how tweets are collected or learned.
"""

from datetime import datetime

from bot.errors import JobRefused
from bot.store import Store
from bot.store.schedules import Schedule
from bot.training import Training
from huggingtweets.names import parse_name

MIN_NEW_TWEETS = 20


class Retraining:
    """The action `retrain` of a schedule."""

    def __init__(self, *, store: Store, training: Training):
        self._store = store
        self._training = training

    async def run(self, schedule: Schedule, due: datetime) -> str:
        """Queue a training of the schedule's voice; what came of it. Raises what `Training.start` raises."""
        name = parse_name(schedule.voice)
        if gone := await self._store.consent.buried(name, *name.split("-")):
            return f"{', '.join(gone)} must not be learned again"
        options = {
            "min_new": schedule.options.get("min_new_tweets", MIN_NEW_TWEETS),
            "tell": True,
            "schedule": schedule.name,
            "due_at": due.isoformat(),
        }
        sources = schedule.options.get("sources", [])
        try:
            job = await self._training.start(f"schedule:{schedule.name}", name, sources, options=options, keep=False)
        except JobRefused as refused:
            return str(refused)
        return f"job {job.id}"

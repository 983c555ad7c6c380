"""The use case "train": whoever wants to teach the bot a voice queues a job, which can be watched and cancelled.

Knows jobs and the files that come with them. Does not know processes, Discord or the page.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from bot.core.errors import JobRefused, TrainingFailed
from bot.core.uploads import Uploads
from bot.people.leftovers import Leftovers
from bot.people.willing import Willing
from bot.store import Store
from bot.store.jobs import ActiveAlready, Job, QueueFull
from bot.trainings.news import outcome
from bot.trainings.results import Result, result_of
from huggingtweets.core.names import VoiceName


class Training:
    """Queues jobs, and says how far they are. An async context manager: whoever still watches at its end is told."""

    def __init__(
        self,
        *,
        store: Store,
        willing: Willing,
        uploads: Uploads,
        leftovers: Leftovers,
        wake: Callable[[], None],
        max_waiting: int = 8,
    ):
        self._store = store
        self._willing = willing
        self._uploads = uploads
        self._leftovers = leftovers
        self._wake = wake
        self._max_waiting = max_waiting
        self._stopped = asyncio.Event()

    async def __aenter__(self) -> Self:
        needed = [file for job in await self._store.jobs.active() for file in job.files]
        await asyncio.to_thread(self._uploads.sweep, needed)
        return self

    async def __aexit__(self, *ended: object) -> None:
        self._stopped.set()

    def arriving(self) -> AbstractContextManager[Path]:
        """A folder for files that are being fetched for `start`. What a kill leaves there is deleted later."""
        return self._uploads.arriving()

    async def start(
        self,
        person: str,
        voice: VoiceName,
        files: Sequence[Path] = (),
        *,
        place: str = "",
        options: Mapping[str, Any] | None = None,
        keep: bool = True,
    ) -> Job:
        """Queue a training of `voice` from `files`. With `keep` they are copied first.

        Raises `Usage`, `NotAllowed`, `JobRefused`, `BadSource`, `StoreUnavailable`.
        """
        await self._willing.refuse_to_learn(voice)
        if active := await self._store.jobs.active_of(voice):
            raise _refused(active)
        paths = await asyncio.to_thread(self._uploads.keep, files) if keep else [str(file) for file in files]
        try:
            job = await self._store.jobs.add(
                voice, person, place=place, files=paths, options=options, max_waiting=self._max_waiting
            )
        except Exception as refused:
            await asyncio.to_thread(self._uploads.release, paths)
            if isinstance(refused, ActiveAlready):
                raise _refused(refused.job) from None
            if isinstance(refused, QueueFull):
                waiting = f"{refused.waiting} trainings are waiting already"
                raise JobRefused(f"{waiting}; try again when one has ended.") from None
            raise
        self._wake()
        return job

    async def job(self, voice: VoiceName) -> Job | None:
        """The job of `voice` that waits or runs, if there is one."""
        return await self._store.jobs.active_of(voice)

    async def jobs(self) -> list[Job]:
        """All jobs that run or wait, in order."""
        return await self._store.jobs.active()

    async def cancel(self, job_id: int) -> Job:
        """End a job that waits, or ask one that runs to end. Raises `JobRefused` if there is nothing to cancel."""
        job = await self._store.jobs.cancel(job_id)
        if not job:
            raise JobRefused(f"There is no job {job_id}.")
        if job.ended and job.state != "cancelled":
            raise JobRefused(f"Job {job_id} has ended already: {job.state}.")
        if job.ended:
            await self._leftovers.clear(job)
            await self._leftovers.release(job)
        return job

    async def watch(self, job: Job, at_most_every_seconds: float = 1.0) -> AsyncIterator[Job]:
        """Yields `job` at each change, but not more often than `at_most_every_seconds`. The last one has ended.

        Raises `TrainingFailed` if this process stops first.
        """
        shown: Job | None = None
        while True:
            now = await self._store.jobs.get(job.id)
            if now is None:
                raise TrainingFailed(f"The training of {job.name} was forgotten.")
            if shown is None or (now.stage, now.percent, now.state) != (shown.stage, shown.percent, shown.state):
                yield now
                shown = now
            if now.ended:
                return
            await self._pause(job, at_most_every_seconds)

    async def outcome(self, job: Job, at_most_every_seconds: float = 1.0) -> Result:
        """Wait until the training has ended. Returns what it gave; raises `TrainingFailed` if it gave nothing."""
        async for now in self.watch(job, at_most_every_seconds):
            ended = now
        result = result_of(ended)
        if ended.state != "done" or result is None:
            raise TrainingFailed(ended.error or outcome(ended), is_told=bool(ended.error))
        return result

    async def _pause(self, job: Job, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._stopped.is_set():
            raise TrainingFailed(f"I was stopped; the training of {job.name} goes on when I am back.")


def _refused(active: Job) -> JobRefused:
    state = f"{active.percent} %" if active.state == "running" else "it waits for its turn"
    return JobRefused(f"{active.name} is already being trained: {state}.")

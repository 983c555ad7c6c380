"""The use case "train": whoever wants to teach the bot a voice queues a job, which can be watched and cancelled.

Knows jobs and the files that come with them. Does not know processes, Discord or the page.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from bot.core.errors import JobRefused, TrainingFailed
from bot.core.process.log import NOT_ON_A_TERMINAL
from bot.core.request_ids import REQUEST, request_id
from bot.core.uploads import Uploads
from bot.people.leftovers import Leftovers
from bot.people.willing import Willing
from bot.store import Store
from bot.store.jobs import ActiveAlready, Job, QueueFull
from bot.trainings.news import outcome
from bot.trainings.results import Result, error_of, result_of
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

# Among a job's options: which person a source is of, accounts at networks, what was decided, by person, and who of
# several people in a file is meant, by person.
OWNERS, ORIGINS, CHOICES, AUTHORS = "owners", "origins", "choices", "authors"


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
        self.max_waiting = max_waiting
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
        owners: Mapping[Path, str] | None = None,
        origins: Mapping[str, str] | None = None,
    ) -> Job:
        """Queue a training of `voice` from `files`. With `keep` they are copied first.

        `owners` says which person in the voice a file is of. `origins` are accounts at networks, such as
        `bluesky:ann.bsky.social`, each with the person whose it is (empty for a voice of one).

        Raises `Usage`, `NotAllowed`, `JobRefused`, `BadSource`, `StoreUnavailable`.
        """
        await self._willing.refuse_to_learn(voice)
        if active := await self._store.jobs.active_of(voice):
            raise _refused(active)
        paths = await asyncio.to_thread(self._uploads.keep, files) if keep else [str(file) for file in files]
        whose = {path: owner for file, path in zip(files, paths, strict=True) if (owner := (owners or {}).get(file))}
        whose |= {origin: owner for origin, owner in (origins or {}).items() if owner}
        given = {**(options or {}), REQUEST: request_id(), **({OWNERS: whose} if whose else {})}
        given |= {ORIGINS: list(origins)} if origins else {}
        try:
            job = await self._store.jobs.add(
                voice, person, place=place, files=paths, options=given, max_waiting=self.max_waiting
            )
        except Exception as refused:
            await asyncio.to_thread(self._uploads.release, paths)
            if isinstance(refused, ActiveAlready):
                raise _refused(refused.job) from None
            if isinstance(refused, QueueFull):
                waiting = Phrase("{waiting} trainings are waiting already", waiting=refused.waiting)
                raise JobRefused(Phrase("{waiting}; try again when one has ended.", waiting=waiting)) from None
            raise
        log.info("job %d waits", job.id, extra=NOT_ON_A_TERMINAL)
        self._wake()
        return job

    async def refuse_to_learn(self, voice: VoiceName) -> None:
        """Raises `NotAllowed` if somebody in `voice` does not want to be learned."""
        await self._willing.refuse_to_learn(voice)

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
            raise JobRefused(Phrase("There is no job {job_id}.", job_id=job_id))
        if job.ended and job.state != "cancelled":
            raise JobRefused(Phrase("Job {job_id} has ended already.", job_id=job_id))
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
                raise TrainingFailed(Phrase("The training of {name} was forgotten.", name=job.name))
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
            raise TrainingFailed(error_of(ended) or outcome(ended), is_told=bool(ended.error))
        return result

    async def _pause(self, job: Job, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._stopped.is_set():
            raise TrainingFailed(Phrase("I was stopped; the training of {name} goes on when I am back.", name=job.name))


def _refused(active: Job) -> JobRefused:
    running = active.state == "running"
    state = Phrase("{percent} %", percent=active.percent) if running else Phrase("it waits for its turn")
    return JobRefused(Phrase("{name} is already being trained: {state}.", name=active.name, state=state))

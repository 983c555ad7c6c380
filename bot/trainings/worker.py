"""Runs the queued jobs, one at a time, only in the elected leader among the processes that share the database.

Knows jobs, children and how a training may end. Does not know who asked, or what a platform is.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.core.child_process import child_environment
from bot.core.errors import StoreUnavailable, TrainingFailed, told
from bot.core.ongoing import Ongoing, woken
from bot.core.stopping import CHILD_SECONDS
from bot.people.leftovers import KEPT_BEFORE, Leftovers
from bot.people.willing import NO_SERVER, Willing
from bot.store import Store
from bot.store.jobs import Job, JobState
from bot.store.leading import Holds, leading
from bot.trainings.child import Heard, TrainingChild, running_training
from bot.trainings.news import FORESEEN, news, outcome
from bot.trainings.results import EarlierVersion, Learned, Result
from huggingtweets.core.cpu import usable_cores
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.events import Done
from huggingtweets.registry.versions import Registry

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # how often progress is written, and a wish to cancel is seen
POLL_SECONDS = 2.0  # how often jobs of other processes are looked for
RETRY_SECONDS = 2.0


class TrainingWorker(Ongoing):
    """An async context manager. Leaving it ends the running child; its job goes on at the next start."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        willing: Willing,
        config_file: Path | None,
        leftovers: Leftovers,
        wake_telling: Callable[[], None],
        secret_names: frozenset[str] = frozenset(),
        hang_seconds: float = 900.0,
        niceness: int = 19,
        keep_versions: int = 5,
        seconds_to_end: float = CHILD_SECONDS,
    ):
        self._store = store
        self._registry = registry
        self._willing = willing
        self._config_file = config_file
        self._leftovers = leftovers
        self._wake_telling = wake_telling
        self._secret_names = secret_names
        self._hang_seconds = hang_seconds
        self._niceness = niceness
        self._keep_versions = keep_versions
        self._seconds_to_end = seconds_to_end
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be a new job, so look for it now."""
        self._wake.set()

    async def _go_on(self) -> None:
        while True:
            try:
                async with leading(self._store.database) as holds:
                    await self._take_up()
                    while True:
                        await self._next(holds)
            except StoreUnavailable as error:
                log.warning("trainings wait: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _next(self, holds: Holds) -> None:
        self._wake.clear()
        await holds()
        if job := await self._store.jobs.take():
            await self._run(job, holds)
            return
        await woken(self._wake, POLL_SECONDS)

    async def _take_up(self) -> None:
        """Take over jobs that a dead process has left running. They run once more, or are given up."""
        for job in await self._store.jobs.take_up(news):
            log.info("job %d was left running: %s now", job.id, job.state)
            if job.ended:
                self._wake_telling()
                await self._leftovers.clear(job)
                await self._leftovers.release(job)

    async def _run(self, job: Job, holds: Holds) -> None:
        try:
            ending = await self._train(job, holds)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreUnavailable):
                await self._store.jobs.put_back(job.id)
            raise
        except StoreUnavailable:
            raise
        except (PipelineError, OSError, KeyError) as error:
            ending = Ending("failed", error=told(error))
        if ending.state != "done":
            # Before the row says that the job has ended. After a kill in between the job is taken over and cleared.
            await self._leftovers.clear(await self._store.jobs.get(job.id) or job)
        ended = await self._finish(job, ending)
        if ended:
            self._wake_telling()
        if ended and ended.state == "done":
            await self._prune(job.name)
        if ended:
            await self._leftovers.release(ended)
            await self._settle_schedule(ended)

    async def _train(self, job: Job, holds: Holds) -> "Ending":
        job, finished = await self._found_finished(job)
        if finished:
            return finished
        await self._willing.tell_pipeline()
        before = await asyncio.to_thread(self._in_use, job.name)
        arguments = await asyncio.to_thread(self._arguments, job)
        environment = child_environment(os.environ, self._secret_names)
        running = running_training(
            job.name, arguments, environment, niceness=self._niceness, seconds_to_end=self._seconds_to_end
        )
        async with running as child:
            return await self._attend(job, child, before, holds)

    async def _found_finished(self, job: Job) -> tuple[Job, "Ending | None"]:
        """How the job ended if an earlier attempt has made its version and was killed before that was written down.

        The first attempt notes the versions that there are, by their dates, and whose tweets are kept.
        """
        results = await asyncio.to_thread(self._made, job.name)
        if "versions" not in job.options:
            kept_tweets = await asyncio.to_thread(self._leftovers.kept_before, job.name)
            return await self._store.jobs.remember(
                job, {**job.options, "versions": sorted(results), KEPT_BEFORE: kept_tweets}
            ), None
        new = sorted(set(results) - set(job.options["versions"]))
        return job, Ending("done", result=results[new[-1]]) if new else None

    def _made(self, name: str) -> dict[str, Learned]:
        """The results of the trainings that made the versions of `name`, by the date of the version and its number.

        A version that is damaged is left out.
        """
        results = {}
        for number in self._registry.versions(name):
            try:
                version = self._registry.version(name, number)
                event = version.as_event(seconds=version.manifest.seconds)
                results[f"{version.manifest.created} {number}"] = Learned.model_validate(event.as_json())
            except PipelineError as error:
                log.warning("%s %s is left out: %s", name, number, error)
        return results

    async def _attend(self, job: Job, child: TrainingChild, before: EarlierVersion | None, holds: Holds) -> "Ending":
        """Write down how far the child is, until it has ended, is cancelled, or hangs."""
        progress: tuple[str, int] | None = None
        process, heard = child.process, child.heard
        while not await process.ended(TICK_SECONDS):
            await holds()
            job = await self._with_foreseen(job, heard)
            if not await self._may_go_on(job, heard, progress):
                await process.stop()
                return Ending("cancelled", log=process.log)
            progress = heard.stage, heard.percent
            if heard.silent_seconds > self._hang_seconds:
                await process.kill()
                why = f"nothing was heard of it for {heard.silent_seconds:.0f} s"
                hung = TrainingFailed(f"The training of {job.name} was ended: {why}.")
                return Ending("failed", error=told(hung), log=process.log)
        try:
            result = child.outcome()
        except TrainingFailed as error:
            return Ending("failed", error=told(error), log=process.log)
        if isinstance(result, Done):
            result = Learned.model_validate(result.as_json() | {"before": before})
        return Ending("done", result=result, log=process.log)

    async def _with_foreseen(self, job: Job, heard: Heard) -> Job:
        """Note in the job what the training expects of the voice, so that whoever watches it can be told."""
        if not heard.foreseen or job.options.get(FORESEEN) == heard.foreseen:
            return job
        try:
            return await self._store.jobs.remember(job, {**job.options, FORESEEN: heard.foreseen})
        except StoreUnavailable as error:
            log.warning("what is expected of job %d is not written down: %s", job.id, error)
            return job

    async def _may_go_on(self, job: Job, heard: Heard, progress: tuple[str, int] | None) -> bool:
        """Write down how far the training is. Returns False if somebody wants it to end."""
        try:
            if progress != (heard.stage, heard.percent):
                return await self._store.jobs.progress(job.id, heard.stage, heard.percent)
            now = await self._store.jobs.get(job.id)
            return now is not None and now.state == "running" and not now.cancel_requested
        except StoreUnavailable as error:
            log.warning("the progress of job %d is not written down: %s", job.id, error)
            return True

    async def _finish(self, job: Job, ending: "Ending") -> Job | None:
        """Write down how a job ended. If the database cannot be used this waits, because nothing else knows the end."""
        if ending.state == "done":
            gave = ending.result.version if isinstance(ending.result, Learned) else "nothing new"
            log.info("job %d gave %s", job.id, gave)
        else:
            log.warning("job %d %s: %s", job.id, ending.state, ending.error)
        while True:
            try:
                quoting = await self._willing.may_speak(job.name, job.options.get("server", NO_SERVER))
                say = partial(_wanted_news, quoting=quoting)
                result = ending.result.as_json() if ending.result else None
                ended = await self._store.jobs.finish(
                    job.id, ending.state, result=result, error=ending.error, log=ending.log, say=say
                )
            except StoreUnavailable as error:
                log.warning("the end of job %d waits: %s", job.id, error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not ended:
                log.warning("job %d had ended already", job.id)
            return ended

    async def _settle_schedule(self, job: Job) -> None:
        if schedule := job.options.get("schedule"):
            due_at = datetime.fromisoformat(job.options["due_at"])
            try:
                await self._store.schedules.settle(schedule, due_at, outcome(job))
            except StoreUnavailable as error:
                log.warning("what came of %s is not written down: %s", schedule, error)

    async def _prune(self, name: str) -> None:
        try:
            gone = await asyncio.to_thread(self._registry.prune, name, self._keep_versions)
        except (PipelineError, OSError) as error:
            log.warning("old versions of %s stay: %s", name, error)
        else:
            log.info("old versions deleted: %s", ", ".join(gone) or "none")

    def _in_use(self, name: str) -> EarlierVersion | None:
        """The version in use, for the comparison afterwards."""
        try:
            return EarlierVersion.of(self._registry.current(name))
        except PipelineError:
            return None

    def _arguments(self, job: Job) -> list[str]:
        # One core stays free if there is a voice to answer with. Measured: if a training uses every core, an answer
        # takes 16 to 41 s instead of 2.
        cores = usable_cores()
        threads = max(1, cores - 1) if self._registry.names() else cores
        arguments = ["train", job.name, "--threads", str(threads)]
        if self._config_file:
            arguments += ["--config", str(self._config_file)]
        if min_new := job.options.get("min_new"):
            arguments += ["--min-new", str(min_new)]
        if base := job.options.get("base"):
            arguments += ["--base", base]
        for file in job.files:
            arguments += ["--from", file]
        return arguments


@dataclass(frozen=True, slots=True)
class Ending:
    """How a training ended."""

    state: JobState
    result: Result | None = None
    error: str = ""
    log: str = ""


def _wanted_news(job: Job, *, quoting: bool) -> str:
    """What is told of a job that has ended, if somebody asked for news.

    It is also told of a job that was taken over from a dead process, unless a message shows the job.
    """
    wanted = job.options.get("tell") or (job.attempts > 1 and not job.message)
    return news(job, quoting=quoting) if wanted else ""

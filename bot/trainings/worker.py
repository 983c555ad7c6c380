"""Runs the queued jobs, one at a time, only in the elected leader among the processes that share the database.

Knows jobs and how a training may end. Does not know who asked, or where a training runs.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot.core.config import JobsSettings
from bot.core.errors import StoreUnavailable, TrainingFailed, told
from bot.core.process.log import on_a_terminal
from bot.core.process.ongoing import Ongoing, woken
from bot.core.request_ids import REQUEST, working_on
from bot.core.servers import NO_SERVER
from bot.people.leftovers import KEPT_BEFORE, Leftovers
from bot.people.willing import Willing
from bot.store import Store
from bot.store.jobs import Job, JobState
from bot.store.sql.leading import Holds, leading
from bot.trainings.heard import Heard
from bot.trainings.news import CURVE, news, outcome
from bot.trainings.prospects import prospects
from bot.trainings.results import EarlierVersion, Learned, Result, why_it_failed
from bot.trainings.trainer import Lesson, RunningTraining, Trainer
from bot.trainings.training import AUTHORS, CHOICES, ORIGINS, OWNERS
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.events import Done
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.choices import Choices
from huggingtweets.tweets.kept.tweet_store import TweetStore

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # how often progress is written, and a wish to cancel is seen
POLL_SECONDS = 2.0  # how often jobs of other processes are looked for
RETRY_SECONDS = 2.0
NOTHING = Phrase()


class TrainingWorker(Ongoing):
    """An async context manager. Leaving it ends the running training; its job goes on at the next start."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        willing: Willing,
        trainer: Trainer,
        leftovers: Leftovers,
        tweets: TweetStore,
        wake_telling: Callable[[], None],
        hang_seconds: float = 900.0,
        niceness: int = 19,
        keep_versions: int = 5,
    ):
        self._store = store
        self._registry = registry
        self._willing = willing
        self._trainer = trainer
        self._leftovers = leftovers
        self._tweets = tweets
        self._wake_telling = wake_telling
        self._hang_seconds = hang_seconds
        self._niceness = niceness
        self._keep_versions = keep_versions
        self._wake = asyncio.Event()

    def follow(self, settings: JobsSettings) -> None:
        """Let new settings hold from the next training on; how long one may be silent holds at once."""
        self._hang_seconds = settings.hang_seconds
        self._niceness = settings.niceness
        self._keep_versions = settings.keep_versions

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
            with working_on(job.options.get(REQUEST, ""), job=job.id):
                await self._run(job, holds)
            return
        await woken(self._wake, POLL_SECONDS)

    async def _take_up(self) -> None:
        """Take over jobs that a dead process has left running. They run once more, or are given up."""
        for job in await self._store.jobs.take_up(news):
            shown = f"The training of @{job.name} was interrupted{f': {job.error}' if job.error else ''}"
            log.info("job %d was left running: %s now", job.id, job.state, extra=on_a_terminal(shown))
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
        word = "Resuming" if job.percent else "Learning"
        log.info("job %d begins at %d %%", job.id, job.percent, extra=on_a_terminal(f"{word} @{job.name}"))
        await self._willing.tell_pipeline()
        await asyncio.to_thread(self._note_choices, job)
        before = await asyncio.to_thread(self._in_use, job.name)
        async with self._trainer.train(self._lesson(job)) as running:
            return await self._attend(job, running, before, holds)

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

    async def _attend(
        self, job: Job, running: RunningTraining, before: EarlierVersion | None, holds: Holds
    ) -> "Ending":
        """Write down how far the training is, until it has ended, is cancelled, or hangs."""
        progress: tuple[str, int] | None = None
        heard = running.heard
        while not await running.ended(TICK_SECONDS):
            await holds()
            job = await self._with_told(job, heard)
            if not await self._may_go_on(job, heard, progress):
                await running.stop()
                return Ending("cancelled", log=running.log)
            progress = heard.stage, heard.percent
            if heard.silent_seconds > self._hang_seconds:
                await running.kill()
                why = Phrase(
                    "The training of {name} was ended: nothing was heard of it for {seconds:.0f} s.",
                    name=job.name,
                    seconds=heard.silent_seconds,
                )
                return Ending("failed", error=told(TrainingFailed(why)), log=running.log)
        await self._with_told(job, heard)  # what came since the last look, and all of it for a short training
        try:
            result = running.outcome()
        except TrainingFailed as error:
            return Ending("failed", error=told(error), log=running.log)
        if isinstance(result, Done):
            result = Learned.model_validate(result.as_json() | {"before": before})
        return Ending("done", result=result, log=running.log)

    async def _with_told(self, job: Job, heard: Heard) -> Job:
        """Note in the job what the training has told of itself, and when it may end, for whoever watches it."""
        noted = prospects(job, heard.foreseen, heard.seconds_left, datetime.now(UTC))
        if heard.curve:
            noted = {**noted, CURVE: [list(point) for point in heard.curve]}
        if noted == job.options:
            return job
        try:
            return await self._store.jobs.remember(job, noted)
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
        elif ending.state == "cancelled":
            log.info("job %d cancelled", job.id)
        else:
            log.warning("job %d %s: %s", job.id, ending.state, ending.error)
        while True:
            try:
                quoting = await self._willing.may_speak(job.name, job.options.get("server", NO_SERVER))
                say = partial(_wanted_news, quoting=quoting)
                result = ending.result.as_json() if ending.result else why_it_failed(ending.error)
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

    def _note_choices(self, job: Job) -> None:
        """Write down beside the tweets what was decided about them."""
        for handle, choices in job.options.get(CHOICES, {}).items():
            self._tweets.choose(handle, Choices.from_json(choices))

    def _in_use(self, name: str) -> EarlierVersion | None:
        """The version in use, for the comparison afterwards."""
        try:
            return EarlierVersion.of(self._registry.current(name))
        except PipelineError:
            return None

    def _lesson(self, job: Job) -> Lesson:
        owners = job.options.get(OWNERS, {})
        sources = (*job.files, *job.options.get(ORIGINS, ()))
        authors = job.options.get(AUTHORS, {}).items()
        return Lesson(
            job.name,
            tuple(f"{owners[source]}={source}" if source in owners else source for source in sources),
            tuple(author if job.name.is_of_one else f"{handle}={author}" for handle, author in authors),
            base=job.options.get("base", ""),
            min_new=job.options.get("min_new") or 0,
            niceness=self._niceness,
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a training ended."""

    state: JobState
    result: Result | None = None
    error: Phrase = NOTHING
    log: str = ""


def _wanted_news(job: Job, *, quoting: bool) -> Phrase:
    """What is told of a job that has ended, if somebody asked for news.

    It is also told of a job that was taken over from a dead process, unless a message shows the job.
    """
    wanted = job.options.get("tell") or (job.attempts > 1 and not job.message)
    return news(job, quoting=quoting) if wanted else Phrase()

"""The use case "train": one training at a time, each in a process of its own, with progress for whoever watches.

The child is the command line itself: without secrets, with few threads and the lowest priority, gone when this process
is gone.

Knows processes and the events they print. Does not know torch, Discord or the page.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.errors import BotError, JobRefused
from huggingtweets.cpu import usable_cores
from huggingtweets.errors import PipelineError
from huggingtweets.names import parse_name
from huggingtweets.pipeline import STAGES
from huggingtweets.registry import Registry

log = logging.getLogger(__name__)

KEPT_LOG_LINES = 50
MAX_EVENT_BYTES = 1 << 20
SECONDS_TO_END = 5.0  # between asking a child to end and killing it
PREFIX = "huggingtweets: "
# What a stage is worth of the whole, in percent; measured on accounts of 400 to 3,200 tweets.
_SHARES = dict(zip(STAGES, (2, 2, 1, 85, 8, 1, 1), strict=True))


class TrainingFailed(BotError):
    """A training ended without a version; the sentence says why."""


@dataclass(eq=False)
class Job:
    """One training: who asked for it, how far it is, and what came of it."""

    name: str
    person: str
    files: tuple[Path, ...]
    percent: int = 0
    stage: str = "waiting"
    result: dict[str, Any] | None = None
    error: Exception | None = None
    ended: bool = False
    log_lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LOG_LINES))
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def watch(self, at_most_every_seconds: float = 1.0) -> AsyncIterator["Job"]:
        """This job at each change but not more often than asked; the last one is its end."""
        while True:
            shown, ended = self._shown, self.ended
            yield self
            if ended:
                return
            await asyncio.sleep(at_most_every_seconds)
            async with self._changed:
                while self._shown == shown and not self.ended:
                    await self._changed.wait()

    @property
    def _shown(self) -> tuple[int, str]:
        return self.percent, self.stage

    async def outcome(self) -> dict[str, Any]:
        """What the training gave, once it has ended; raises `TrainingFailed` when it gave nothing."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.ended)
        if self.error:
            raise self.error
        assert self.result is not None
        return self.result

    async def change(self, **values: Any) -> None:
        """Set fields and wake up who watches."""
        for name, value in values.items():
            setattr(self, name, value)
        async with self._changed:
            self._changed.notify_all()


class Training:
    """Takes jobs in order and runs them one by one. An async context manager: leaving it ends the running child."""

    def __init__(
        self,
        *,
        registry: Registry,
        config_file: Path | None,
        secret_names: frozenset[str] = frozenset(),
        max_jobs: int = 8,
    ):
        self._registry = registry
        self._config_file = config_file
        self._secret_names = secret_names
        self._max_jobs = max_jobs
        self._jobs: dict[str, Job] = {}
        self._queue: asyncio.Queue[Job] = asyncio.Queue(max_jobs)
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work(), name="training")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._worker
        self._worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._worker
        for job in list(self._jobs.values()):
            await self._end(job, error=TrainingFailed("I was stopped; start it again and it goes on."))

    def job(self, name: str) -> Job | None:
        """The job of `name` that waits or runs."""
        return self._jobs.get(name)

    @property
    def jobs(self) -> list[Job]:
        """All that wait or run, in order."""
        return list(self._jobs.values())

    async def start(self, person: str, name: str, files: Sequence[Path]) -> Job:
        """Queue a training of `name` from `files`; raises `Usage` or `JobRefused`."""
        name = parse_name(name)
        if running := self.job(name):
            raise JobRefused(f"{name} is already being trained: {running.percent} %.")
        if len(self._jobs) >= self._max_jobs:
            raise JobRefused(f"{len(self._jobs)} trainings are waiting already; try again when one has ended.")
        job = self._jobs[name] = Job(name, person, tuple(files))
        self._queue.put_nowait(job)
        return job

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            try:
                result = await self._run(job)
            except (BotError, PipelineError, OSError) as error:
                log.warning("training of %s failed: %s", job.name, error)
                await self._end(job, error=error)
            else:
                log.info("training of %s gave %s in %s s", job.name, result["version"], result["seconds"])
                await self._end(job, percent=100, result=result)

    async def _end(self, job: Job, **values: Any) -> None:
        self._jobs.pop(job.name, None)
        await job.change(ended=True, **values)

    async def _run(self, job: Job) -> dict[str, Any]:
        """The `done` event of the child."""
        child = await asyncio.create_subprocess_exec(
            *await asyncio.to_thread(self._command, job),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_EVENT_BYTES,
            env={key: value for key, value in os.environ.items() if key not in self._secret_names},
        )
        assert child.stdout
        assert child.stderr
        try:
            result, _ = await asyncio.gather(_events(child.stdout, job), _log(child.stderr, job))
            code = await child.wait()
        finally:
            await _ended(child)
        if code == 0 and result:
            return result
        raise TrainingFailed(_why(job, code))

    def _command(self, job: Job) -> list[str]:
        # With nobody to serve, all cores may learn; else one stays free. Measured: with a trainer on every core an
        # answer takes 16 to 41 s instead of 2.
        cores = usable_cores()
        threads = max(1, cores - 1) if self._registry.names() else cores
        command = [sys.executable, "-m", "huggingtweets", "train", job.name, "--json", "--background"]
        command += ["--threads", str(threads)]
        if self._config_file:
            command += ["--config", str(self._config_file)]
        for file in job.files:
            command += ["--from", str(file)]
        return command


async def _events(stream: asyncio.StreamReader, job: Job) -> dict[str, Any] | None:
    """Read events into `job` until the stream ends; the last `done` event."""
    result: dict[str, Any] | None = None
    async for line in stream:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, KeyError, TypeError):
            job.log_lines.append(line.decode(errors="replace").rstrip())
            continue
        if kind == "done":
            result = event
        elif kind == "progress" and event["stage"] in _SHARES:
            await job.change(stage=event["stage"], percent=_percent(event["stage"], event["done"], event["total"]))
    return result


def _percent(stage: str, done: int, total: int) -> int:
    before = sum(share for name, share in _SHARES.items() if STAGES.index(name) < STAGES.index(stage))
    return min(99, round(before + _SHARES[stage] * done / max(1, total)))


async def _log(stream: asyncio.StreamReader, job: Job) -> None:
    async for line in stream:
        job.log_lines.append(line.decode(errors="replace").rstrip())


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Make sure that the child is gone: asked first, killed then."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), SECONDS_TO_END)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _why(job: Job, code: int) -> str:
    """The child's own sentence, or what its exit code means."""
    told = [line.removeprefix(PREFIX) for line in job.log_lines if line.startswith(PREFIX)]
    if told:
        return told[-1]
    if code < 0:
        cause = "out of memory, most likely" if code == -9 else f"signal {-code}"
        return f"The training of {job.name} was ended from outside ({cause}); start it again and it goes on."
    return f"The training of {job.name} ended without a result (exit code {code}); the log has its last lines."

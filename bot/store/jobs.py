"""Trainings as rows: which ones wait, which one runs, and how they ended.

    waiting -> running -> done | failed | cancelled | abandoned

A name has at most one job that waits or runs; the database holds that. A job that was running when its process died is
taken up again once, then abandoned. A notice about the end of a job is kept in the same transaction.

Knows rows. Does not know processes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.notices import keep
from bot.store.sql.database import Database
from bot.store.tables import jobs
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase

JobState = Literal["waiting", "running", "done", "failed", "cancelled", "abandoned"]
ACTIVE = ("waiting", "running")
ABANDONED = Phrase("The bot died twice while this was running; I gave it up.")
MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Job:
    """One training as it was when it was read.

    `place` is where its asker wants to hear of it, such as a channel. `message` is the message there that shows how far
    it is, until it has shown the end.
    """

    id: int
    name: VoiceName
    person: str
    place: str
    message: str
    state: JobState
    files: list[str]
    options: dict[str, Any]
    stage: str
    percent: int
    attempts: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: dict[str, Any] | None
    error: str
    log: str

    @property
    def ended(self) -> bool:
        return self.state not in ACTIVE


DescribeJob = Callable[[Job], Phrase]  # what there is to tell of a job that has ended; empty for nothing


class ActiveAlready(Exception):
    """The name has a job that waits or runs, which is `job`."""

    def __init__(self, job: Job):
        super().__init__(f"job {job.id} is active")
        self.job = job


class QueueFull(Exception):
    """`waiting` jobs wait already."""

    def __init__(self, waiting: int):
        super().__init__(f"{waiting} jobs wait")
        self.waiting = waiting


def _next() -> sa.Select[tuple[int]]:
    others = jobs.alias()
    last_start = sa.select(sa.func.max(others.c.started_at)).where(others.c.person == jobs.c.person).scalar_subquery()
    turn = (jobs.c.attempts.desc(), last_start.asc().nulls_first(), jobs.c.id)
    return sa.select(jobs.c.id).where(jobs.c.state == "waiting").order_by(*turn).limit(1)


_WAITS = sa.select(jobs.c.id).where(jobs.c.state == "waiting").limit(1)
_NEXT = _next()


class Jobs:
    """The queue and its history."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(
        self,
        name: str,
        person: str,
        *,
        place: str = "",
        files: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        max_waiting: int,
    ) -> Job:
        """Add a job that waits. Raises `ActiveAlready` or `QueueFull`, and adds none then."""
        async with self._database.writing() as connection:
            if active := await connection.run_sync(_first, jobs.c.name == name, jobs.c.state.in_(ACTIVE)):
                raise ActiveAlready(active)
            count = sa.select(sa.func.count()).where(jobs.c.state == "waiting")
            waiting = int(await connection.scalar(count) or 0)
            if waiting >= max_waiting:
                raise QueueFull(waiting)
            row = {
                "name": name,
                "person": person,
                "place": place,
                "state": "waiting",
                "files": list(files),
                "options": dict(options or {}),
                "created_at": self._clock(),
            }
            added = await connection.scalar(sa.insert(jobs).values(row).returning(jobs.c.id))
            job = await connection.run_sync(_first, jobs.c.id == added)
        assert job
        return job

    async def get(self, job_id: int) -> Job | None:
        return await self._database.read_at_once(lambda connection: _first(connection, jobs.c.id == job_id))

    async def active_of(self, name: str) -> Job | None:
        """Returns the job of `name` that waits or runs, if there is one."""
        row_filter = (jobs.c.name == name, jobs.c.state.in_(ACTIVE))
        return await self._database.read_at_once(lambda connection: _first(connection, *row_filter))

    async def active(self) -> list[Job]:
        """Returns all jobs that run or wait: the running ones first, then the oldest."""
        query = sa.select(jobs).where(jobs.c.state.in_(ACTIVE)).order_by(jobs.c.state, jobs.c.id)
        return [_job(row) for row in await self._database.rows(query)]

    async def recent(self, limit: int = 20) -> list[Job]:
        """Returns the latest jobs, the newest first."""
        query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        return [_job(row) for row in await self._database.rows(query)]

    async def take(self) -> Job | None:
        """Start the next job and return it. People take turns: the one whose last job began longest ago comes first."""
        # This is asked every other second, and mostly there is none. To look is cheaper than to write.
        if not await self._database.read_kept("does a job wait", lambda connection: connection.scalar(_WAITS), bool):
            return None

        async with self._database.writing() as connection:
            number = await connection.scalar(_NEXT)
            if number is None:
                return None
            change = {"state": "running", "started_at": self._clock(), "attempts": jobs.c.attempts + 1}
            await connection.execute(sa.update(jobs).where(jobs.c.id == number).values(change))
            return await connection.run_sync(_first, jobs.c.id == number)

    async def progress(self, job_id: int, stage: str, percent: int) -> bool:
        """Note how far a running job is. Returns True if it should go on, and False if somebody has cancelled it."""
        change = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
        query = change.values(stage=stage, percent=percent).returning(jobs.c.cancel_requested)
        cancelled = await self._database.write_at_once(lambda connection: connection.scalar(query))
        return cancelled is False

    async def cancel(self, job_id: int) -> Job | None:
        """End a job that waits, or ask one that runs to end. Returns the job after that, or None if there is none."""
        change = sa.update(jobs).where(jobs.c.id == job_id)
        async with self._database.writing() as connection:
            ended = {"state": "cancelled", "ended_at": self._clock(), "cancel_requested": True}
            await connection.execute(change.where(jobs.c.state == "waiting").values(ended))
            await connection.execute(change.where(jobs.c.state == "running").values(cancel_requested=True))
            return await connection.run_sync(_first, jobs.c.id == job_id)

    async def finish(
        self,
        job_id: int,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: str = "",
        log: str = "",
        say: DescribeJob | None = None,
    ) -> Job | None:
        """End a running job, and keep what `say` says of it as a notice. Returns None if it was not running."""
        change: dict[str, Any] = {
            "state": state,
            "result": result,
            "error": error,
            "log": log,
            "ended_at": self._clock(),
        }
        if state == "done":
            change["percent"] = 100
        async with self._database.writing() as connection:
            query = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running").values(change)
            if not (await connection.execute(query)).rowcount:
                return None
            ended = await connection.run_sync(_first, jobs.c.id == job_id)
            if ended and say:
                await self._keep_news(connection, ended, say)
        return ended

    async def remember(self, job: Job, options: Mapping[str, Any]) -> Job:
        """Give a job other options. Returns the job with them."""
        await self._database.change(sa.update(jobs).where(jobs.c.id == job.id).values(options=dict(options)))
        return replace(job, options=dict(options))

    async def shown_by(self, job_id: int, message: str) -> None:
        """Note the message that shows how far a job is. It is empty once the end was shown."""
        await self._database.change(sa.update(jobs).where(jobs.c.id == job_id).values(message=message))

    async def shown(self) -> list[Job]:
        """Returns the jobs whose message is not finished: they go on, or their end was not shown yet."""
        query = sa.select(jobs).where(jobs.c.message != "").order_by(jobs.c.id)
        return [_job(row) for row in await self._database.rows(query)]

    async def put_back(self, job_id: int) -> None:
        """Let a running job wait again because the process stops in order. The attempt does not count."""
        query = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
        await self._database.change(query.values(state="waiting", attempts=jobs.c.attempts - 1))

    async def take_up(self, say: DescribeJob | None = None) -> list[Job]:
        """Let jobs that a dead process left running wait again, or abandon them the second time. Returns these jobs.

        For those that have ended by this, what `say` says is kept as a notice.
        """
        running = sa.update(jobs).where(jobs.c.state == "running")
        stopped = {"ended_at": self._clock(), "error": ABANDONED}
        async with self._database.writing() as connection:
            query = sa.select(jobs.c.id).where(jobs.c.state == "running")
            numbers = list(await connection.scalars(query))
            again = running.where(jobs.c.attempts < MAX_ATTEMPTS, ~jobs.c.cancel_requested)
            await connection.execute(again.values(state="waiting"))
            cancelled = running.where(jobs.c.cancel_requested)
            await connection.execute(cancelled.values(state="cancelled", ended_at=self._clock()))
            await connection.execute(running.values(state="abandoned", **stopped))
            rows = await connection.execute(sa.select(jobs).where(jobs.c.id.in_(numbers)).order_by(jobs.c.id))
            left = [_job(row) for row in rows]
            for job in left:
                if job.ended and say:
                    await self._keep_news(connection, job, say)
        return left

    async def _keep_news(self, connection: AsyncConnection, job: Job, say: DescribeJob) -> None:
        if text := say(job):
            await keep(self._database, connection, f"job:{job.id}:{job.state}", text, job.place, self._clock())


def _first(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Job | None:
    row = connection.execute(sa.select(jobs).where(*where).limit(1)).first()
    return _job(row) if row else None


def _job(row: sa.Row[Any]) -> Job:
    return Job(**row._mapping)

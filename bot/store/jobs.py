"""Trainings as rows: who waits, what runs, how it ended.

    waiting -> running -> done | failed | cancelled | abandoned

A name has at most one job that waits or runs; the database holds that. A job that was running when its process died is
taken up again once, then abandoned. The news of an end are kept together with it, as a notice.

Knows rows. Does not know processes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.notices import keep
from bot.store.tables import jobs
from huggingtweets.core.names import VoiceName

JobState = Literal["waiting", "running", "done", "failed", "cancelled", "abandoned"]
ACTIVE = ("waiting", "running")
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


DescribeJob = Callable[[Job], str]  # what there is to tell of a job that has ended; empty for nothing


class ActiveAlready(Exception):
    """The name has a job that waits or runs: `job`."""

    def __init__(self, job: Job):
        super().__init__(f"job {job.id} is active")
        self.job = job


class QueueFull(Exception):
    """`waiting` jobs wait already."""

    def __init__(self, waiting: int):
        super().__init__(f"{waiting} jobs wait")
        self.waiting = waiting


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
        """A new job that waits; raises `ActiveAlready` or `QueueFull`, and then there is none."""
        async with self._database.writing() as connection:
            if active := await _first(connection, jobs.c.name == name, jobs.c.state.in_(ACTIVE)):
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
            found = await _first(connection, jobs.c.id == added)
        assert found
        return found

    async def get(self, job_id: int) -> Job | None:
        async with self._database.reading() as connection:
            return await _first(connection, jobs.c.id == job_id)

    async def active_of(self, name: str) -> Job | None:
        """The job of `name` that waits or runs."""
        async with self._database.reading() as connection:
            return await _first(connection, jobs.c.name == name, jobs.c.state.in_(ACTIVE))

    async def active(self) -> list[Job]:
        """All that run or wait, the running ones first, then by age."""
        async with self._database.reading() as connection:
            query = sa.select(jobs).where(jobs.c.state.in_(ACTIVE)).order_by(jobs.c.state, jobs.c.id)
            return [_job(row) for row in await connection.execute(query)]

    async def recent(self, limit: int = 20) -> list[Job]:
        """The latest jobs, the newest first."""
        async with self._database.reading() as connection:
            query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
            return [_job(row) for row in await connection.execute(query)]

    async def take(self) -> Job | None:
        """The next job, which runs from now on. People take turns: first whoever's last job began longest ago."""
        others = jobs.alias()
        last_start = (
            sa.select(sa.func.max(others.c.started_at)).where(others.c.person == jobs.c.person).scalar_subquery()
        )
        turn = (jobs.c.attempts.desc(), last_start.asc().nulls_first(), jobs.c.id)
        async with self._database.writing() as connection:
            query = sa.select(jobs.c.id).where(jobs.c.state == "waiting").order_by(*turn).limit(1)
            chosen = await connection.scalar(query)
            if chosen is None:
                return None
            change = {"state": "running", "started_at": self._clock(), "attempts": jobs.c.attempts + 1}
            await connection.execute(sa.update(jobs).where(jobs.c.id == chosen).values(change))
            return await _first(connection, jobs.c.id == chosen)

    async def progress(self, job_id: int, stage: str, percent: int) -> bool:
        """Note how far a running job is; whether it should go on (it should not when somebody has cancelled it)."""
        change = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
        async with self._database.writing() as connection:
            query = change.values(stage=stage, percent=percent).returning(jobs.c.cancel_requested)
            cancelled = await connection.scalar(query)
        return cancelled is False

    async def cancel(self, job_id: int) -> Job | None:
        """End a job that waits, ask one that runs to end; the job after that, or None where there is no such job."""
        mine = sa.update(jobs).where(jobs.c.id == job_id)
        async with self._database.writing() as connection:
            ended = {"state": "cancelled", "ended_at": self._clock(), "cancel_requested": True}
            await connection.execute(mine.where(jobs.c.state == "waiting").values(ended))
            await connection.execute(mine.where(jobs.c.state == "running").values(cancel_requested=True))
            return await _first(connection, jobs.c.id == job_id)

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
        """End a running job, and keep what `say` says of it as a notice; None when it was not running any more."""
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
            ended = await _first(connection, jobs.c.id == job_id)
            if ended and say:
                await self._keep_news(connection, ended, say)
        return ended

    async def remember(self, job: Job, options: Mapping[str, Any]) -> Job:
        """Give a job other options; the job with them."""
        async with self._database.writing() as connection:
            await connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(options=dict(options)))
        return replace(job, options=dict(options))

    async def shown_by(self, job_id: int, message: str) -> None:
        """Note the message that shows how far a job is; empty once it has shown the end."""
        async with self._database.writing() as connection:
            await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(message=message))

    async def shown(self) -> list[Job]:
        """The jobs that a message still has to show: those that go on, and those whose end it has not shown."""
        async with self._database.reading() as connection:
            query = sa.select(jobs).where(jobs.c.message != "").order_by(jobs.c.id)
            return [_job(row) for row in await connection.execute(query)]

    async def put_back(self, job_id: int) -> None:
        """Let a running job wait again without counting the attempt: the process stops in order."""
        query = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
        async with self._database.writing() as connection:
            await connection.execute(query.values(state="waiting", attempts=jobs.c.attempts - 1))

    async def take_up(self, say: DescribeJob | None = None) -> list[Job]:
        """What a process that died has left running waits again, or is abandoned the second time; those jobs.

        What `say` says of those that have ended by this is kept as a notice.
        """
        running = sa.update(jobs).where(jobs.c.state == "running")
        stopped = {"ended_at": self._clock(), "error": "The bot died twice while this was running; I gave it up."}
        async with self._database.writing() as connection:
            query = sa.select(jobs.c.id).where(jobs.c.state == "running")
            found = list(await connection.scalars(query))
            again = running.where(jobs.c.attempts < MAX_ATTEMPTS, ~jobs.c.cancel_requested)
            await connection.execute(again.values(state="waiting"))
            cancelled = running.where(jobs.c.cancel_requested)
            await connection.execute(cancelled.values(state="cancelled", ended_at=self._clock()))
            await connection.execute(running.values(state="abandoned", **stopped))
            rows = await connection.execute(sa.select(jobs).where(jobs.c.id.in_(found)).order_by(jobs.c.id))
            left = [_job(row) for row in rows]
            for job in left:
                if job.ended and say:
                    await self._keep_news(connection, job, say)
        return left

    async def _keep_news(self, connection: AsyncConnection, job: Job, say: DescribeJob) -> None:
        if text := say(job):
            await keep(self._database, connection, f"job:{job.id}:{job.state}", text, job.place, self._clock())


async def _first(connection: AsyncConnection, *where: sa.ColumnElement[bool]) -> Job | None:
    row = (await connection.execute(sa.select(jobs).where(*where).limit(1))).first()
    return _job(row) if row else None


def _job(row: sa.Row[Any]) -> Job:
    return Job(**row._mapping)

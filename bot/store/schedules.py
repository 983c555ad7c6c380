"""Schedules, and the runs of them that were taken: one row a run, unique by schedule and due time.

The schedules of config.toml are seeds. A schedule that an admin changed stays changed until its seed changes.

Knows rows. Does not know what cron means, or what a run does.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.clock.schedule_entry import Schedule
from bot.store.sql.database import Database, insert
from bot.store.tables import schedule_runs, schedules


@dataclass(frozen=True, slots=True)
class Run:
    """One run that a process took, and its outcome."""

    schedule: str
    due_at: datetime
    claimed_at: datetime
    claimed_by: str
    outcome: str


class Schedules:
    """The schedules and their runs."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def all(self) -> list[Schedule]:
        """Returns all schedules by name."""
        rows = await self._database.rows(sa.select(schedules).order_by(schedules.c.name))
        return [_schedule(row) for row in rows]

    async def get(self, name: str) -> Schedule | None:
        row = await self._database.row(sa.select(schedules).where(schedules.c.name == name))
        return _schedule(row) if row else None

    async def put(self, schedule: Schedule, by: str) -> None:
        """Add a schedule, or replace the one of its name."""
        async with self._database.writing() as connection:
            await self._put(connection, schedule, by)

    async def remove(self, name: str, by: str) -> bool:
        """Remove a schedule. Returns True if there was one.

        One of config.toml would come back at the next start, so it is switched off instead.
        """
        seeded = sa.update(schedules).where(schedules.c.name == name, schedules.c.seed != "")
        made = sa.delete(schedules).where(schedules.c.name == name, schedules.c.seed == "")
        async with self._database.writing() as connection:
            off = {"enabled": False, "changed_at": self._clock(), "changed_by": by}
            changed = (await connection.execute(seeded.values(off))).rowcount
            return bool(changed + (await connection.execute(made)).rowcount)

    async def seed(self, wanted: Sequence[Schedule]) -> None:
        """Store the schedules of config.toml, except those that an admin has changed since their seeds changed."""
        async with self._database.writing() as connection:
            query = sa.select(schedules.c.name, schedules.c.seed)
            seeds = {row.name: row.seed for row in await connection.execute(query)}
            for schedule in wanted:
                if seeds.get(schedule.name) != schedule.seed:
                    await self._put(connection, schedule, "config.toml")
            gone = {name for name, seed in seeds.items() if seed} - {schedule.name for schedule in wanted}
            await connection.execute(sa.delete(schedules).where(schedules.c.name.in_(gone)))

    async def claim(self, name: str, due_at: datetime, by: str) -> bool:
        """Take a run. Returns True for the first caller, and False for all others."""
        row = {"schedule": name, "due_at": due_at, "claimed_at": self._clock(), "claimed_by": by}
        query = insert(self._database, schedule_runs).values(row).on_conflict_do_nothing()
        return bool(await self._database.change(query))

    async def last_run(self, name: str, until: datetime) -> Run | None:
        """Returns the latest run that was due by `until`. Later ones, from a clock that was wrong once, are ignored."""
        row_filter = (schedule_runs.c.schedule == name, schedule_runs.c.due_at <= until)
        query = sa.select(schedule_runs).where(*row_filter).order_by(schedule_runs.c.due_at.desc()).limit(1)
        row = await self._database.row(query)
        return _run(row) if row else None

    async def take_over(self, run: Run, by: str) -> bool:
        """Take over a run that has no outcome. Returns True for the first caller, and False for all others."""
        row_filter = (schedule_runs.c.schedule == run.schedule, schedule_runs.c.due_at == run.due_at)
        unchanged = (schedule_runs.c.claimed_at == run.claimed_at, schedule_runs.c.outcome == "")
        change = {"claimed_at": self._clock(), "claimed_by": by}
        query = sa.update(schedule_runs).where(*row_filter, *unchanged).values(change)
        return bool(await self._database.change(query))

    async def settle(self, name: str, due_at: datetime, outcome: str) -> None:
        """Note the outcome of a run."""
        row_filter = (schedule_runs.c.schedule == name, schedule_runs.c.due_at == due_at)
        await self._database.change(sa.update(schedule_runs).where(*row_filter).values(outcome=outcome))

    async def runs(self, name: str, limit: int = 10) -> list[Run]:
        """Returns the latest runs, the newest first."""
        query = sa.select(schedule_runs).where(schedule_runs.c.schedule == name)
        rows = await self._database.rows(query.order_by(schedule_runs.c.due_at.desc()).limit(limit))
        return [_run(row) for row in rows]

    async def _put(self, connection: AsyncConnection, schedule: Schedule, by: str) -> None:
        now = self._clock()
        row = asdict(replace(schedule, created_at=now, changed_at=now)) | {"changed_by": by}
        row["options"] = dict(schedule.options)
        changed = {key: value for key, value in row.items() if key not in ("name", "created_at")}
        query = insert(self._database, schedules).values(row)
        await connection.execute(query.on_conflict_do_update(index_elements=["name"], set_=changed))


def _schedule(row: sa.Row[Any]) -> Schedule:
    return Schedule(**{key: value for key, value in row._mapping.items() if key != "changed_by"})


def _run(row: sa.Row[Any]) -> Run:
    return Run(row.schedule, row.due_at, row.claimed_at, row.claimed_by, row.outcome)

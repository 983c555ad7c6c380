"""The clock: it queues what is due, and does nothing more.

Schedules are in the database. A run is claimed by its schedule and due time, so only one of several processes runs it.
After a stop, at most the latest missed run of each schedule is made up for. Each look asks the wall clock what is due,
so a clock that jumps can neither repeat a run nor delay one.

Knows schedules. Does not know what an action does.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.clock.due import checked, delay, last_due, next_due
from bot.core.clock.schedule_entry import Schedule
from bot.core.errors import BotError, told
from bot.core.process.ongoing import Ongoing, woken
from bot.store import Clock, Store, utc_now
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0  # between two looks, because the wall clock may jump and others may change schedules
ACTION_SECONDS = 60.0  # enough, because an action only queues something
ABANDONED = timedelta(minutes=3)  # a run without an outcome after this time was claimed by a process that died

Action = Callable[[Schedule, datetime], Awaitable[str]]


class Timetable(Ongoing):
    """Runs what is due. An async context manager; a run that a stop cuts off is taken up by the next start.

    Each of `actions` queues something, may safely be repeated for one due time, and returns the outcome in words.
    """

    def __init__(self, *, store: Store, actions: Mapping[str, Action], clock: Clock = utc_now):
        self._store = store
        self._actions = actions
        self._clock = clock
        self._who = f"{socket.gethostname()}:{os.getpid()}"
        self._wake = asyncio.Event()

    async def _go_on(self) -> None:
        while True:
            self._wake.clear()
            wait = LOOK_SECONDS
            try:
                wait = await self.look()
            except (PipelineError, BotError) as error:
                log.warning("schedules wait: %s", error)
            except Exception:
                log.exception("schedules wait")
            await woken(self._wake, wait)

    async def listed(self) -> list[tuple[Schedule, datetime | None]]:
        """Every schedule with its next due time, which is None for a schedule that is off."""
        now = self._clock()
        return [
            (schedule, next_due(schedule, now) if schedule.enabled else None)
            for schedule in await self._store.schedules.all()
        ]

    async def put(self, schedule: Schedule, by: str) -> datetime | None:
        """Add or change a schedule. Returns when it is due next. Raises `Usage`."""
        if schedule.action not in self._actions:
            raise Usage(
                Phrase(
                    "There is no action {action}; there is {actions}.",
                    action=quoted(schedule.action, 40),
                    actions=sorted(self._actions),
                )
            )
        await self._store.schedules.put(await asyncio.to_thread(checked, schedule), by)
        await self._store.audit.add(by, "schedule", schedule.name)
        self._wake.set()
        return next_due(replace(schedule, changed_at=self._clock()), self._clock())

    async def switch(self, name: str, by: str, *, on: bool) -> None:
        """Switch a schedule on or off. Raises `Usage` if there is none of that name."""
        schedule = await self._store.schedules.get(name)
        if not schedule:
            raise Usage(Phrase("There is no schedule {name}.", name=quoted(name, 40)))
        await self.put(replace(schedule, enabled=on), by)

    async def remove(self, name: str, by: str) -> None:
        """Remove a schedule, or switch one of config.toml off. Raises `Usage` if there is none of that name."""
        if not await self._store.schedules.remove(name, by):
            raise Usage(Phrase("There is no schedule {name}.", name=quoted(name, 40)))
        await self._store.audit.add(by, "unschedule", name)

    async def look(self) -> float:
        """Run what is due. Returns the seconds until the next look, which is when the next run begins, or earlier."""
        schedules = [schedule for schedule in await self._store.schedules.all() if schedule.enabled]
        for schedule in schedules:
            if schedule.action in self._actions:
                await self._run_if_due(schedule)
        return min((self._seconds_to_next(schedule) for schedule in schedules), default=LOOK_SECONDS)

    async def _run_if_due(self, schedule: Schedule) -> None:
        now = self._clock()
        before = await self._store.schedules.last_run(schedule.name, until=now)
        if before and not before.outcome and before.claimed_at < now - ABANDONED:
            if await self._store.schedules.take_over(before, self._who):
                await self._run(schedule, before.due_at)
            return
        assert schedule.changed_at
        after = max(before.due_at, schedule.changed_at) if before else schedule.changed_at
        due = await asyncio.to_thread(last_due, schedule, after, now)
        if not due or due + delay(schedule, due) > now:
            return
        if await self._store.schedules.claim(schedule.name, due, self._who):
            await self._run(schedule, due)

    async def _run(self, schedule: Schedule, due: datetime) -> None:
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                outcome = await self._actions[schedule.action](schedule, due)
        except TimeoutError:
            outcome = f"failed: it took more than {ACTION_SECONDS:.0f} s"
        except Exception as error:  # noqa: BLE001  whatever happens, the other schedules must still run
            outcome = f"failed: {told(error)}"
        log.info("schedule %s, due %s: %s", schedule.name, due.isoformat(timespec="seconds"), outcome)
        await self._store.schedules.settle(schedule.name, due, outcome)

    def _seconds_to_next(self, schedule: Schedule) -> float:
        """Until the next run begins, but no more than `LOOK_SECONDS`."""
        now = self._clock()
        due = next_due(schedule, now - timedelta(seconds=schedule.jitter_seconds))
        while due and due + delay(schedule, due) <= now:
            due = next_due(schedule, due)
        return min((due + delay(schedule, due) - now).total_seconds(), LOOK_SECONDS) if due else LOOK_SECONDS

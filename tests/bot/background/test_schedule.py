"""Each run happens once, and one missed run is made up for, whatever the wall clock does. On both databases."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.background.schedule import Timetable
from bot.core.clock.schedule_entry import Schedule
from bot.core.errors import JobRefused
from bot.store import Store
from bot.store.schedules import Run
from huggingtweets.core.errors import Usage
from tests.bot.store.conftest import Time, store, time, url  # noqa: F401  fixtures

HOURLY = Schedule("hourly", "note", cron="0 * * * *")


class Notes:
    """An action that records what it ran."""

    def __init__(self) -> None:
        self.due: list[datetime] = []

    async def __call__(self, schedule: Schedule, due: datetime) -> str:
        self.due.append(due)
        return f"note {len(self.due)}"


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def timetable(store: Store, time: Time, notes: Notes) -> Timetable:  # noqa: F811
    """Looks when the test asks it to."""
    await store.schedules.put(HOURLY, by="test")
    return Timetable(store=store, actions={"note": notes}, clock=time)


async def test_what_is_due_runs_once_and_says_what_came_of_it(timetable, store, time, notes) -> None:  # noqa: F811
    await timetable.look()
    assert notes.due == [], "nothing of the time before there was a schedule"
    due = time.pass_by(hours=1)
    for _ in range(3):
        await timetable.look()
    assert notes.due == [due]
    [run] = await store.schedules.runs("hourly")
    assert (run.due_at, run.outcome) == (due, "note 1")
    [(schedule, soon)] = await timetable.listed()
    assert (schedule.name, soon) == ("hourly", due + timedelta(hours=1))


async def test_after_a_stop_one_run_is_caught_up(timetable, time, notes) -> None:  # noqa: F811
    time.pass_by(days=3, minutes=20)
    for _ in range(3):
        await timetable.look()
    assert notes.due == [datetime(2026, 3, 4, 12, tzinfo=UTC)]


async def test_a_clock_that_jumps_repeats_nothing_and_holds_nothing_up(timetable, time, notes) -> None:  # noqa: F811
    time.pass_by(hours=1)
    await timetable.look()
    time.pass_by(days=400)
    await timetable.look()
    assert len(notes.due) == 2, "as after a stop"
    time.pass_by(days=-400)
    await timetable.look()
    assert len(notes.due) == 2
    time.pass_by(hours=1)
    await timetable.look()
    assert notes.due[-1] == datetime(2026, 3, 1, 14, tzinfo=UTC), "a run of the future holds nothing up"
    time.pass_by(hours=-1)
    await timetable.look()
    time.pass_by(hours=1)
    await timetable.look()
    assert len(notes.due) == 3


async def test_jitter_delays_the_run_and_not_its_due_time(store, time, notes) -> None:  # noqa: F811
    await store.schedules.put(replace(HOURLY, jitter_seconds=1800), by="test")
    timetable = Timetable(store=store, actions={"note": notes}, clock=time)
    due = time.pass_by(hours=1)
    ran_after = None
    for minute in range(31):
        await timetable.look()
        if notes.due and ran_after is None:
            ran_after = minute
        time.pass_by(minutes=1)
    assert notes.due == [due]
    assert ran_after


async def test_a_schedule_that_is_off_or_changed_does_not_catch_up(timetable, time, notes) -> None:  # noqa: F811
    await timetable.switch("hourly", "discord:1", on=False)
    time.pass_by(hours=5)
    await timetable.look()
    await timetable.switch("hourly", "discord:1", on=True)
    await timetable.put(replace(HOURLY, cron="30 * * * *"), "discord:1")
    assert notes.due == []
    time.pass_by(minutes=30)
    await timetable.look()
    assert len(notes.due) == 1
    [(_, soon)] = await timetable.listed()
    assert soon.minute == 30


async def test_a_run_whose_process_died_before_it_had_an_outcome_is_made_up_for(store, time, notes) -> None:  # noqa: F811
    await store.schedules.put(HOURLY, by="test")
    due = time.pass_by(hours=1)
    await store.schedules.claim("hourly", due, "a process that died")
    timetable = Timetable(store=store, actions={"note": notes}, clock=time)
    await timetable.look()
    assert notes.due == [], "it may still be at it"
    time.pass_by(minutes=4)
    await timetable.look()
    await timetable.look()
    assert notes.due == [due]


async def test_an_action_that_fails_is_told_in_its_outcome(store, time, caplog) -> None:  # noqa: F811
    async def refuse(schedule: Schedule, due: datetime) -> str:
        raise JobRefused("8 trainings are waiting already.")

    async def fail(schedule: Schedule, due: datetime) -> str:
        raise ZeroDivisionError

    for name in ("refuse", "fail", "unknown"):
        await store.schedules.put(Schedule(name, name, cron="0 * * * *"), by="test")
    time.pass_by(hours=1)
    await Timetable(store=store, actions={"refuse": refuse, "fail": fail}, clock=time).look()
    [refused] = await store.schedules.runs("refuse")
    assert refused.outcome.startswith("failed: 8 trainings are waiting already. (")
    [failed] = await store.schedules.runs("fail")
    assert failed.outcome.startswith("failed: Something went wrong on my side")
    assert await store.schedules.runs("unknown") == []


async def test_what_admins_ask_for_is_checked_and_noted(timetable, store, time) -> None:  # noqa: F811
    with pytest.raises(Usage, match='no action "dance"; there is note'):
        await timetable.put(replace(HOURLY, action="dance"), "discord:1")
    with pytest.raises(Usage, match="not a cron line"):
        await timetable.put(replace(HOURLY, cron="often"), "discord:1")
    for change in (timetable.remove("none", "discord:1"), timetable.switch("none", "discord:1", on=True)):
        with pytest.raises(Usage, match='no schedule "none"'):
            await change
    half = Schedule("half", "note", every_seconds=1800)
    assert await timetable.put(half, "discord:1") == time.now + timedelta(minutes=30)
    await timetable.remove("half", "discord:1")
    assert [schedule.name for schedule, _ in await timetable.listed()] == ["hourly"]
    assert [act.action for act in await store.audit.recent()] == ["unschedule", "schedule"]


async def test_it_wakes_up_when_something_is_due(store, notes, monkeypatch) -> None:  # noqa: F811
    """In real time: a run is due every second, long before the next regular look."""
    monkeypatch.setattr("bot.background.schedule.LOOK_SECONDS", 3_600.0)
    real = Store(store.database.url.render_as_string(hide_password=False))
    async with real:
        every = Schedule("soon", "note", every_seconds=1)
        await real.schedules.put(every, by="test")
        async with Timetable(store=real, actions={"note": notes}), asyncio.timeout(120):
            while len(notes.due) < 2:
                await asyncio.sleep(0.05)
    assert len(set(notes.due)) == len(notes.due)


async def test_a_stop_does_not_wait_for_an_action(store, time) -> None:  # noqa: F811
    begun = asyncio.Event()

    async def gather_for_ever(schedule: Schedule, due: datetime) -> str:
        begun.set()
        await asyncio.sleep(60)
        return "done"

    await store.schedules.put(HOURLY, by="test")
    due = time.pass_by(hours=1)
    async with asyncio.timeout(120), Timetable(store=store, actions={"note": gather_for_ever}, clock=time):
        await begun.wait()
    [run] = await store.schedules.runs("hourly")
    assert (run.due_at, run.outcome) == (due, ""), "another start takes it over"


PROCESS = """
import asyncio, os, sys
from bot.background.schedule import Timetable
from bot.store import Store
from bot.store.schedules import Run

async def main():
    async def note(schedule, due):
        return "noted"
    async with Store(os.environ["URL"]) as store:
        async with Timetable(store=store, actions={"note": note}):
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


async def test_two_processes_never_both_take_a_run(store, url: str) -> None:  # noqa: F811
    async with Store(url) as real:
        for number in range(3):
            await real.schedules.put(Schedule(f"s{number}", "note", every_seconds=1), by="test")
        both = []
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROCESS),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[3],
                env={**os.environ, "URL": url},
            )
            both.append(process)
        for process in both:
            while await process.stdout.readline() != b"ready\n":
                pass
        begun = datetime.now(UTC)

        async def all_runs() -> list[Run]:
            return [run for number in range(3) for run in await real.schedules.runs(f"s{number}", limit=1_000)]

        # Each second 3 are due.
        async with asyncio.timeout(300):
            while sum(run.due_at > begun for run in await all_runs()) < 6:
                await asyncio.sleep(0.1)
        for process in both:
            await process.communicate(b"")
        runs = await all_runs()
    assert len({(run.schedule, run.due_at) for run in runs}) == len(runs)
    cut_off = [run.outcome for run in runs if run.outcome != "noted"]
    assert set(cut_off) <= {""}, "a run that a stop cut off has no outcome, so the next start takes it over"
    assert len(cut_off) <= len(both), "a process has one run at a time"

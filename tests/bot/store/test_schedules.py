"""Schedules: config.toml seeds them, admins change them, and one process alone takes each run."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.clock.schedule_entry import Schedule
from bot.store import Store
from huggingtweets.core.people.names import VoiceName

NIGHTLY = Schedule("nightly", "retrain", VoiceName("ann"), cron="0 3 * * *", time_zone="Europe/Berlin", seed="1")
DUE = datetime(2026, 3, 2, 3, tzinfo=UTC)


async def test_a_schedule_comes_back_as_it_was_put(store: Store, time) -> None:
    made = Schedule(
        "half", "post", every_seconds=1800, jitter_seconds=60, quiet="22:00-07:00", options={"min_new_tweets": 20}
    )
    await store.schedules.put(made, by="discord:1")
    await store.schedules.put(NIGHTLY, by="discord:1")
    assert await store.schedules.all() == [
        replace(made, created_at=time.now, changed_at=time.now),
        replace(NIGHTLY, created_at=time.now, changed_at=time.now),
    ]
    assert await store.schedules.get("none") is None


async def test_what_an_admin_changed_stays_until_config_changes(store: Store) -> None:
    await store.schedules.seed([NIGHTLY])
    await store.schedules.put(replace(NIGHTLY, cron="0 5 * * *"), by="discord:1")
    await store.schedules.seed([NIGHTLY])
    assert (await store.schedules.get("nightly")).cron == "0 5 * * *"
    await store.schedules.seed([replace(NIGHTLY, cron="0 4 * * *", seed="2")])
    assert (await store.schedules.get("nightly")).cron == "0 4 * * *"


async def test_a_schedule_that_left_config_goes_and_an_admins_stays(store: Store) -> None:
    await store.schedules.seed([NIGHTLY])
    await store.schedules.put(Schedule("mine", "post", cron="* * * * *"), by="discord:1")
    await store.schedules.seed([])
    assert [schedule.name for schedule in await store.schedules.all()] == ["mine"]


async def test_removing_one_of_config_switches_it_off_for_good(store: Store) -> None:
    await store.schedules.seed([NIGHTLY])
    assert await store.schedules.remove("nightly", by="discord:1")
    await store.schedules.seed([NIGHTLY])
    assert not (await store.schedules.get("nightly")).enabled
    await store.schedules.put(Schedule("mine", "post", cron="* * * * *"), by="discord:1")
    assert await store.schedules.remove("mine", by="discord:1")
    assert await store.schedules.get("mine") is None
    assert not await store.schedules.remove("mine", by="discord:1")


async def test_a_run_is_taken_by_one_alone(store: Store, url: str, time) -> None:
    async with Store(url, time) as other:
        claims = [one.schedules.claim("nightly", DUE, by) for one in (store, other) for by in "abcdef"]
        assert sum(await asyncio.gather(*claims)) == 1
        assert await other.schedules.claim("nightly", DUE + timedelta(days=1), "b")
        assert await other.schedules.claim("other", DUE, "b")


async def test_runs_say_what_came_of_them(store: Store, time) -> None:
    await store.schedules.claim("nightly", DUE, "a")
    await store.schedules.claim("nightly", DUE + timedelta(days=1), "a")
    await store.schedules.settle("nightly", DUE, "3 new tweets are too few")
    later, first = await store.schedules.runs("nightly")
    assert (later.due_at, later.outcome) == (DUE + timedelta(days=1), "")
    assert (first.due_at, first.claimed_by, first.claimed_at) == (DUE, "a", time.now)
    assert first.outcome == "3 new tweets are too few"


async def test_the_last_run_is_found_and_one_of_the_future_does_not_count(store: Store, time) -> None:
    assert await store.schedules.last_run("nightly", until=DUE) is None
    for days in (0, 1, 900):
        await store.schedules.claim("nightly", DUE + timedelta(days=days), "a")
    last = await store.schedules.last_run("nightly", until=DUE + timedelta(days=2))
    assert last
    assert last.due_at == DUE + timedelta(days=1)


async def test_a_run_whose_taker_died_is_taken_over_once(store: Store, url: str, time) -> None:
    await store.schedules.claim("nightly", DUE, "dead")
    left = await store.schedules.last_run("nightly", until=DUE)
    assert left
    time.pass_by(minutes=5)
    async with Store(url, time) as other:
        taken = await asyncio.gather(*(one.schedules.take_over(left, "alive") for one in (store, other) * 3))
    assert sum(taken) == 1
    await store.schedules.settle("nightly", DUE, "job 1")
    settled = await store.schedules.last_run("nightly", until=DUE)
    assert settled
    assert settled.claimed_by == "alive"
    assert not await store.schedules.take_over(settled, "another")

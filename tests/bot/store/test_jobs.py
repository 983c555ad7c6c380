"""Jobs as rows: one for a name, a bound, turns between people, cancelling, and what a dead process has left."""

import asyncio

import pytest

from bot.store import Store
from bot.store.jobs import ActiveAlready, Job, QueueFull
from huggingtweets.core.text.phrases import Phrase


async def test_a_job_goes_from_waiting_to_done(store: Store, time) -> None:
    added = await store.jobs.add("ann", "discord:1", place="discord:channel:9", files=["/a.zip"], max_waiting=3)
    assert (added.state, added.percent, added.files, added.created_at) == ("waiting", 0, ["/a.zip"], time.now)
    time.pass_by(seconds=5)
    taken = await store.jobs.take()
    assert taken
    assert (taken.id, taken.state, taken.attempts, taken.started_at) == (added.id, "running", 1, time.now)
    assert await store.jobs.progress(added.id, "train", 43)
    running = await store.jobs.active_of("ann")
    assert running
    assert (running.stage, running.percent, running.ended) == ("train", 43, False)
    done = await store.jobs.finish(added.id, "done", result={"version": "v1"}, log="fine")
    assert done
    assert (done.state, done.percent, done.result, done.log, done.ended) == (
        "done",
        100,
        {"version": "v1"},
        "fine",
        True,
    )
    assert await store.jobs.active() == []
    assert await store.jobs.recent() == [done] == [await store.jobs.get(added.id)]


async def test_a_name_has_one_active_job(store: Store) -> None:
    first = await store.jobs.add("ann", "discord:1", max_waiting=3)
    with pytest.raises(ActiveAlready) as refused:
        await store.jobs.add("ann", "discord:2", max_waiting=3)
    assert refused.value.job == first
    await store.jobs.take()
    with pytest.raises(ActiveAlready):
        await store.jobs.add("ann", "discord:2", max_waiting=3)
    await store.jobs.finish(first.id, "failed", error="no")
    assert (await store.jobs.add("ann", "discord:2", max_waiting=3)).id > first.id


async def test_of_many_that_ask_at_once_one_gets_the_job(store: Store, url: str, time) -> None:
    async with Store(url, time) as other:
        asked = [one.jobs.add("ann", f"discord:{n}", max_waiting=9) for n in range(8) for one in (store, other)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, ActiveAlready) for answer in answers) == 15
    assert len(await store.jobs.active()) == 1


async def test_the_queue_has_a_bound(store: Store) -> None:
    for name in ("ann", "bob"):
        await store.jobs.add(name, "discord:1", max_waiting=2)
    with pytest.raises(QueueFull) as refused:
        await store.jobs.add("cem", "discord:1", max_waiting=2)
    assert refused.value.waiting == 2
    await store.jobs.take()
    await store.jobs.add("cem", "discord:1", max_waiting=2)


async def test_people_take_turns(store: Store, time) -> None:
    for name, person in [("a1", "ann"), ("a2", "ann"), ("a3", "ann"), ("b1", "bob"), ("c1", "cem"), ("b2", "bob")]:
        await store.jobs.add(name, person, max_waiting=9)
    order = []
    while job := await store.jobs.take():
        time.pass_by(minutes=1)
        order.append(job.name)
        await store.jobs.finish(job.id, "done")
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_every_job_is_taken_once_by_several_workers(store: Store, url: str, time) -> None:
    for number in range(30):
        await store.jobs.add(f"n{number}", f"p{number % 4}", max_waiting=30)

    async def work(one: Store) -> list[str]:
        taken = []
        while job := await one.jobs.take():
            taken.append(job.name)
        return taken

    async with Store(url, time) as other:
        taken = await asyncio.gather(*(work(one) for one in (store, other, store, other)))
    assert sorted(name for names in taken for name in names) == sorted(f"n{number}" for number in range(30))


async def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_end(store: Store) -> None:
    running = await store.jobs.add("ann", "discord:1", max_waiting=3)
    await store.jobs.take()
    waiting = await store.jobs.add("bob", "discord:1", max_waiting=3)
    cancelled = await store.jobs.cancel(waiting.id)
    assert cancelled
    assert (cancelled.state, cancelled.ended_at is not None) == ("cancelled", True)
    asked = await store.jobs.cancel(running.id)
    assert asked
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert not await store.jobs.progress(running.id, "train", 50)
    assert await store.jobs.take() is None
    assert await store.jobs.cancel(999) is None


async def test_a_job_that_has_ended_stays_as_it_ended(store: Store) -> None:
    job = await store.jobs.add("ann", "discord:1", max_waiting=3)
    await store.jobs.take()
    await store.jobs.finish(job.id, "failed", error="no disk")
    assert await store.jobs.finish(job.id, "done", result={}) is None
    ended = await store.jobs.cancel(job.id)
    assert ended
    assert (ended.state, ended.error, ended.cancel_requested) == ("failed", "no disk", False)


async def test_the_news_of_an_end_are_kept_together_with_it(store: Store) -> None:
    for name in ("ann", "bob", "cem"):
        await store.jobs.add(name, "discord:1", place=f"channel:{name}", max_waiting=3)
    ann, bob, cem = [await store.jobs.take() for _ in range(3)]
    await store.jobs.finish(
        ann.id, "done", result={"version": "v1"}, say=lambda job: Phrase(f"{job.name} is {job.state}")
    )
    await store.jobs.finish(ann.id, "failed", say=lambda job: Phrase("it had ended"))
    await store.jobs.finish(bob.id, "done", result={"version": "v1"}, say=lambda job: Phrase())

    def fail(job: Job) -> Phrase:
        raise LookupError(job.name)

    with pytest.raises(LookupError):
        await store.jobs.finish(cem.id, "done", say=fail)
    still = await store.jobs.get(cem.id)
    assert still
    assert still.state == "running", "both are written, or none"
    told = [(notice.key, notice.text, notice.place) for notice in await store.notices.untold()]
    assert told == [(f"job:{ann.id}:done", "ann is done", "channel:ann")]


async def test_the_news_of_what_is_given_up_are_kept_together_with_that(store: Store) -> None:
    job = await store.jobs.add("ann", "discord:1", max_waiting=3)
    for told in ([], [f"job:{job.id}:abandoned"]):
        await store.jobs.take()
        await store.jobs.take_up(lambda job: Phrase.verbatim(job.error))
        assert [notice.key for notice in await store.notices.untold()] == told


async def test_what_a_dead_process_left_is_taken_up_once_and_then_abandoned(store: Store) -> None:
    job = await store.jobs.add("ann", "discord:1", max_waiting=3)
    await store.jobs.add("bob", "discord:2", max_waiting=3)
    await store.jobs.take()
    assert [(left.id, left.state) for left in await store.jobs.take_up()] == [(job.id, "waiting")]
    again = await store.jobs.take()
    assert again
    assert (again.id, again.attempts) == (job.id, 2), "what was begun comes before what was not"
    [left] = await store.jobs.take_up()
    assert (left.state, left.ended_at is not None) == ("abandoned", True)
    assert "died twice" in left.error
    assert await store.jobs.take_up() == []
    assert [active.name for active in await store.jobs.active()] == ["bob"]


async def test_stopping_in_order_costs_no_attempt(store: Store) -> None:
    job = await store.jobs.add("ann", "discord:1", max_waiting=3)
    for _ in range(5):
        await store.jobs.take()
        await store.jobs.put_back(job.id)
    taken = await store.jobs.take()
    assert taken
    assert taken.attempts == 1


async def test_a_cancelled_job_whose_process_died_is_not_taken_up(store: Store) -> None:
    job = await store.jobs.add("ann", "discord:1", max_waiting=3)
    await store.jobs.take()
    await store.jobs.cancel(job.id)
    assert [left.state for left in await store.jobs.take_up()] == ["cancelled"]

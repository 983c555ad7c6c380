"""Notices are tried until they are delivered, or given up after a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.background.telling import GIVE_UP_AFTER, Delivery, Telling
from bot.store import Store
from bot.store.notices import Notice
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import Patience
from tests.bot.databases import sqlite_in

AT_ONCE = Patience(first_seconds=0.0)


class Doubling(Patience):
    """Waits that are not random."""

    def delay(self, attempt: int) -> float:
        return 2.0**attempt


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, duration: timedelta) -> None:
        self.now += duration


class Ear:
    """A function that delivers notices: it answers what the test says, and raises an answer that is an error."""

    def __init__(self, answer: Delivery | Exception = Delivery.TOLD) -> None:
        self.answer = answer
        self.heard: list[Notice] = []
        self.asked = 0

    async def __call__(self, notice: Notice) -> Delivery:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is Delivery.TOLD:
            self.heard.append(notice)
        return self.answer


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def store(tmp_path: Path, time: Time) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path), time) as store:
        yield store


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.background.telling.POLL_SECONDS", 0.01)


async def all_told(store: Store) -> None:
    async with asyncio.timeout(120):
        while await store.notices.untold():
            await asyncio.sleep(0.01)


async def attempts(store: Store, count: int) -> None:
    """Wait until the only notice has failed this often."""
    async with asyncio.timeout(120):
        while [notice.attempts for notice in await store.notices.untold()] != [count]:
            await asyncio.sleep(0.01)


async def looked_around() -> None:
    """Long enough for several looks."""
    await asyncio.sleep(0.2)


async def test_a_notice_is_told_once_by_the_last_who_was_added(store: Store) -> None:
    ear = Ear()
    async with Telling(store) as telling:
        telling.add(ear)
        await telling.notice("job:1", Phrase("done"), "channel:1")
        await telling.notice("job:1", Phrase("done"))
        await all_told(store)
    assert [(notice.text, notice.place) for notice in ear.heard] == [("done", "channel:1")]


@pytest.mark.usefixtures("often")
async def test_a_notice_that_was_not_heard_is_told_again_also_after_a_restart(store: Store, time: Time) -> None:
    ear = Ear(ConnectionError("s3cret address"))
    for tries in (2, 4):
        async with Telling(store, waits=AT_ONCE, clock=time) as telling:
            telling.add(ear)
            await telling.notice("job:1", Phrase("done"))
            async with asyncio.timeout(120):
                while ear.asked < tries:
                    await asyncio.sleep(0.01)
    ear.answer = Delivery.TOLD
    async with Telling(store, clock=time) as telling:
        telling.add(ear)
        await all_told(store)
    assert len(ear.heard) == 1


@pytest.mark.usefixtures("often")
async def test_what_is_noticed_before_another_is_there_is_for_them_and_not_for_the_log(
    store: Store, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ear = Ear(Delivery.NOT_YET)
    async with Telling(store, another_comes=True, clock=time) as telling:
        await telling.notice("job:1", Phrase("done"))
        await looked_around()
        telling.add(ear)
        await looked_around()
        [waiting] = await store.notices.untold()
        assert (waiting.text, waiting.attempts) == ("done", 0)
        assert ear.asked > 1
        ear.answer = Delivery.TOLD
        await all_told(store)
    assert [notice.text for notice in ear.heard] == ["done"]
    assert "notice job:1" not in caplog.text


async def test_what_is_not_for_the_other_is_for_the_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with Telling(store, another_comes=True) as telling:
        telling.add(Ear(Delivery.NOT_MINE))
        await telling.notice("job:1", Phrase("done"))
        await all_told(store)
    assert "notice job:1: done" in caplog.text


@pytest.mark.usefixtures("often")
async def test_what_fails_is_tried_again_after_waits_that_grow_and_holds_up_nobody(store: Store, time: Time) -> None:
    ear = Ear(ConnectionError())
    async with Telling(store, waits=Doubling(), clock=time) as telling:
        telling.add(ear)
        await telling.notice("job:1", Phrase("done"))
        for failed in range(1, 5):
            await attempts(store, failed)
            time.pass_by(timedelta(seconds=2.0 ** (failed - 1) - 0.5))
            await looked_around()
            assert ear.asked == failed
            time.pass_by(timedelta(seconds=0.5))
        await attempts(store, 5)
        ear.answer = Delivery.TOLD
        await telling.notice("job:2", Phrase("done too"))
        async with asyncio.timeout(120):
            while not ear.heard:
                await asyncio.sleep(0.01)
        time.pass_by(timedelta(seconds=16))
        await all_told(store)
    assert [notice.key for notice in ear.heard] == ["job:2", "job:1"]


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("answer", [ConnectionError(), Delivery.NOT_YET])
async def test_what_could_not_be_told_for_a_day_is_given_up_and_its_text_goes(
    store: Store, time: Time, answer: Delivery | Exception
) -> None:
    await store.notices.add("job:1", Phrase("what a model wrote"))
    time.pass_by(2 * GIVE_UP_AFTER)
    ear = Ear(answer)
    async with Telling(store, waits=AT_ONCE, clock=time) as telling:
        telling.add(ear)
        async with asyncio.timeout(200):
            while ear.asked < 2:
                await asyncio.sleep(0.01)
        assert await store.notices.untold(), "the day begins when this process does"
        time.pass_by(GIVE_UP_AFTER)
        await all_told(store)
        asked = ear.asked
        await looked_around()
    assert ear.asked == asked
    assert not await store.notices.add("job:1", Phrase("again"))


async def test_with_nobody_to_tell_the_log_has_the_first_line(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with Telling(store) as telling:
        await telling.notice("job:1", Phrase("ann v2 is in use.\n• what a model wrote"))
        await all_told(store)
    assert "ann v2 is in use." in caplog.text
    assert "what a model wrote" not in caplog.text

"""Notices are told until they are heard."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store
from bot.store.notices import Notice
from bot.telling import Telling


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/bot.db") as store:
        yield store


async def all_told(store: Store) -> None:
    async with asyncio.timeout(10):
        while await store.notices.untold():
            await asyncio.sleep(0.01)


async def test_a_notice_is_told_once_by_the_last_who_was_added(store: Store) -> None:
    heard: list[Notice] = []

    async def tell(notice: Notice) -> bool:
        heard.append(notice)
        return True

    async with Telling(store) as telling:
        telling.add(tell)
        await telling.notice("job:1", "done", "channel:1")
        await telling.notice("job:1", "done")
        await all_told(store)
    assert [(notice.text, notice.place) for notice in heard] == [("done", "channel:1")]


async def test_a_notice_that_was_not_heard_is_told_again_also_after_a_restart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telling.POLL_SECONDS", 0.01)
    tries = 0

    async def tell(notice: Notice) -> bool:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise ConnectionError("s3cret address")
        return True

    for _ in range(2):
        async with Telling(store) as telling:
            telling.add(tell)
            await telling.notice("job:1", "done")
            while tries < 2:
                await asyncio.sleep(0.01)
    async with Telling(store) as telling:
        telling.add(tell)
        await all_told(store)
    assert tries == 4


async def test_with_nobody_to_tell_the_log_has_the_first_line(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with Telling(store) as telling:
        await telling.notice("job:1", "ann v2 is in use.\n• what a model wrote")
        await all_told(store)
    assert "ann v2 is in use." in caplog.text
    assert "what a model wrote" not in caplog.text

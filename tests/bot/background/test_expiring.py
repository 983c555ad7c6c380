"""The daily clean-up: strangers whose days are over go, at the start and once a day, also after a failure."""

import asyncio

import pytest

from bot.background import expiring
from bot.background.expiring import Expiring
from bot.core.config import StoreSettings
from bot.core.errors import StoreUnavailable
from tests.bot.posting_parts import Parts


async def test_the_days_of_the_settings_count(parts: Parts) -> None:
    await parts.store.mentions.take("thebot", "1", author="x:5", conversation="1")
    await parts.store.mentions.settle("thebot", "1", "answered")
    clean_up = Expiring(parts.store, StoreSettings().strangers_days, parts.time)
    parts.time.pass_by(days=29)
    assert await clean_up.look() == 0
    parts.time.pass_by(days=2)
    assert await clean_up.look() == 1
    assert await parts.store.mentions.state("thebot", "1") == "answered"


async def test_it_goes_on_after_a_failure(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    class Failing(Expiring):
        async def look(self) -> int:
            looks.append(1)
            if len(looks) == 1:
                raise StoreUnavailable("The database is away; try again.")
            return 0

    monkeypatch.setattr(expiring, "AGAIN_SECONDS", 0.01)
    async with Failing(parts.store, 30, parts.time) as running:
        async with asyncio.timeout(10):
            while len(looks) < 2:
                await asyncio.sleep(0.01)
        assert not running.task.done()

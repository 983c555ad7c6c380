"""The process is ready if it has started and its parts can be used. Each request checks anew, within a time."""

import asyncio

import pytest

from bot.core.errors import StoreUnavailable
from bot.core.process import readiness
from bot.core.process.readiness import Readiness


async def fine() -> None:
    return


async def broken() -> None:
    raise StoreUnavailable("The database sqlite:///secret/place cannot be used now.")


async def hangs() -> None:
    await asyncio.sleep(60)


async def test_before_all_parts_are_there_it_is_starting() -> None:
    parts = Readiness(database=broken)
    assert await parts.status() == {"status": "starting"}
    parts.started()
    assert (await parts.status())["status"] == "not ready"


async def test_what_cannot_be_used_is_named_without_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "CHECK_SECONDS", 0.05)
    parts = Readiness(database=broken, engine=hangs, page=fine)
    parts.started()
    assert await parts.status() == {
        "status": "not ready",
        "database": "cannot be used now",
        "engine": "cannot be used now",
    }


async def test_with_all_parts_it_is_ready() -> None:
    parts = Readiness(page=fine)
    parts.started()
    assert await parts.status() == {"status": "ready"}

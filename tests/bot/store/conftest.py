"""The store on both databases. Tests on PostgreSQL are skipped, with a reason, if its server is not installed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import Store
from tests.bot.databases import sqlite_in
from tests.bot.servers import copy_of, run_on


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, with all tables."""
    if request.param == "sqlite":
        yield sqlite_in(tmp_path)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template")
    name = asyncio.run(copy_of(template, server))
    yield f"{server}/{name}"
    asyncio.run(run_on(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def store(url: str, time: Callable[[], datetime]) -> AsyncIterator[Store]:
    async with Store(url, time) as store:
        yield store

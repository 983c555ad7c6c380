"""The store on both databases. Tests on PostgreSQL are skipped, with a reason, if its server is not installed."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from bot.store import Store
from tests.bot.databases import make_tables, sqlite_in
from tests.fakes import postgresql

_numbers = itertools.count(1)


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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if not postgresql.binaries():
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql), so this was NOT tested")
    with postgresql.running() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """A database with all tables, of which each test gets a copy."""
    asyncio.run(_run(postgresql_server, "CREATE DATABASE template_of_tests"))
    asyncio.run(make_tables(f"{postgresql_server}/template_of_tests"))
    return "template_of_tests"


async def _run(server: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, with all tables."""
    if request.param == "sqlite":
        yield sqlite_in(tmp_path)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template")
    name = f"test_{next(_numbers)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield f"{server}/{name}"
    asyncio.run(_run(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def store(url: str, time: Callable[[], datetime]) -> AsyncIterator[Store]:
    async with Store(url, time) as store:
        yield store

"""One process leads, on both databases. It notices when it does not lead any more."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.core.errors import StoreUnavailable
from bot.store import Store
from bot.store.sql.leading import leading


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sql.leading.RETRY_SECONDS", 0.02)


async def test_one_leads_and_the_next_follows(store: Store, url: str) -> None:
    leaders: list[str] = []

    async def lead(one: Store, name: str) -> None:
        async with leading(one.database) as holds:
            leaders.append(name)
            assert len(leaders) == 1
            await asyncio.sleep(0.05)
            await holds()
            leaders.remove(name)

    async with Store(url) as other, asyncio.timeout(120):
        await asyncio.gather(*(lead(one, f"{number}") for number, one in enumerate((store, other, store))))


PROCESS = """
import asyncio, os, sys
from bot.store import Store
from bot.store.sql.leading import leading

async def main():
    async with Store(os.environ["URL"]) as store, leading(store.database):
        print("leads", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_who_was_killed_does_not_lead(store: Store, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.store.sql.leading")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[4],
        env={**os.environ, "URL": url},
    )
    assert process.stdout
    assert await process.stdout.readline() == b"leads\n"
    waiting = asyncio.create_task(leading(store.database).__aenter__())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert caplog.text.count("another bot uses the same database") == 1, "it is told once, not at each attempt"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    process.kill()
    await process.communicate()
    async with asyncio.timeout(120), leading(store.database) as holds:
        await holds()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_leader_whose_connection_is_cut_is_told(store: Store) -> None:
    async with leading(store.database) as holds:
        await holds()
        async with store.database.writing() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            await connection.execute(sa.text(f"{others} AND datname = current_database()"))
        with pytest.raises(StoreUnavailable):
            await holds()
    async with asyncio.timeout(120), leading(store.database) as holds:
        await holds()

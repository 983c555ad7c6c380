"""What is read again and again: kept until somebody writes, in this process or another, and never older than that."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.core.errors import StoreUnavailable
from bot.store import Store
from bot.store.sql import at_once
from bot.store.tables import tombstones
from tests.bot.databases import sqlite_in


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path)) as store:
        yield store


class Reading:
    """Reads who was buried, and counts how often it was asked to."""

    def __init__(self, store: Store):
        self.store, self.times = store, 0

    def _read(self, connection: sa.Connection) -> frozenset[str]:
        self.times += 1
        return frozenset(connection.scalars(sa.select(tombstones.c.subject)))

    async def buried(self, key: str = "buried") -> list[str]:
        return await self.store.database.read_kept(key, self._read, sorted)


async def test_what_somebody_wrote_is_seen_at_once(store: Store) -> None:
    reading = Reading(store)
    assert await reading.buried() == []
    await store.consent.bury("ann", "admin")
    assert await reading.buried() == ["ann"]
    async with store.database.writing() as connection:
        await connection.execute(sa.delete(tombstones))
    assert await reading.buried() == []


async def test_it_is_read_once_as_long_as_nobody_writes(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(sqlite_store)
    await sqlite_store.consent.bury("ann", "admin")
    for _ in range(3):
        assert await reading.buried() == ["ann"]
    assert reading.times == 1
    await reading.buried("something else")
    assert reading.times == 2
    monkeypatch.setattr(at_once, "MAX_KEPT", 1)
    for key in ("third", "fourth", "third"):
        assert await reading.buried(key) == ["ann"]
    assert reading.times == 5


async def test_what_another_process_wrote_is_seen_at_once(sqlite_store: Store) -> None:
    reading = Reading(sqlite_store)
    other = sqlite3.connect(str(sqlite_store.database.url.database))
    try:
        for number in range(20):
            assert len(await reading.buried()) == number
            other.execute("INSERT INTO tombstones (subject, by, at) VALUES (?, 'admin', '2026-03-01')", (f"p{number}",))
            assert len(await reading.buried()) == number
            other.commit()
    finally:
        other.close()
    assert len(await reading.buried()) == 20
    assert reading.times == 21


async def test_after_a_failure_it_is_read_anew(sqlite_store: Store) -> None:
    """The next connection numbers the states of the database in another way."""
    reading = Reading(sqlite_store)
    assert await reading.buried() == []
    with pytest.raises(StoreUnavailable):
        await sqlite_store.database.read_at_once(lambda connection: connection.execute(sa.text("SELECT nothing")))
    await sqlite_store.consent.bury("ann", "admin")
    assert await reading.buried() == ["ann"]


async def test_a_failure_of_what_is_made_of_it_is_none_of_the_database(store: Store) -> None:
    def fail(_: object) -> str:
        raise FileNotFoundError("list")

    with pytest.raises(FileNotFoundError):
        await store.database.read_kept("one", lambda connection: connection.scalar(sa.select(1)), fail)
    assert await Reading(store).buried() == []

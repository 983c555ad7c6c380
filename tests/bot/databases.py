"""SQLite databases for tests. Each is a copy of one with all tables, because making the tables takes 0.15 s."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store import Store
from bot.store.sql import database

# As in tests/conftest.py: the tests' databases need not survive a power cut.
SHIPPED_SYNCHRONOUS, database.SYNCHRONOUS = database.SYNCHRONOUS, "OFF"


def sqlite_in(folder: Path) -> str:
    """Put a database with all tables into `folder`, unless there is one. Returns its URL."""
    path = folder / "bot.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_with_tables())
    return f"sqlite:///{path}"


@cache
def _with_tables() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        path = Path(folder) / "bot.db"
        # In a thread, because the test that asks may run in a loop of its own.
        thread.submit(asyncio.run, make_tables(f"sqlite:///{path}")).result()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return path.read_bytes()


async def make_tables(url: str) -> None:
    """Do what the bot does at its first start."""
    async with Store(url):
        pass

"""Electing a leader: of all processes that share a database, one at a time works off the jobs.

SQLite: a lock on a file beside it. PostgreSQL: an advisory lock of a connection. The system lets go of both when the
process dies, however it dies; so who holds it knows that a job which is marked as running runs nowhere.

Knows locks. Does not know jobs.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa

from bot.store.sql.database import LEADER, Database
from huggingtweets.core import atomic
from huggingtweets.core.errors import NotNow

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
_TRY = f"SELECT pg_try_advisory_lock({LEADER})"

Holds = Callable[[], Awaitable[None]]


@asynccontextmanager
async def leading(database: Database) -> AsyncIterator[Holds]:
    """Wait until this process is the leader. It stays the leader to the end of the block.

    Yields a call that raises `StoreUnavailable` when the lock was lost, as it is with a connection to PostgreSQL.
    """
    if database.is_sqlite:
        async with _holding_file(_file_of(database)) as holds:
            yield holds
    else:
        async with _holding_connection(database) as holds:
            yield holds


@asynccontextmanager
async def leading_at_once(database: Database) -> AsyncIterator[None]:
    """Be the leader while the context lasts. Raises `NotNow` if another process is. `database` need not be entered."""
    async with AsyncExitStack() as held:
        if database.is_sqlite:
            file = _file_of(database)
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(atomic.locked(file, wait=False))
            except BlockingIOError:
                raise _led_elsewhere() from None
        else:
            await held.enter_async_context(database.connected())
            connection = await held.enter_async_context(database.session())
            with database.told():
                if not await connection.scalar(sa.text(_TRY)):
                    raise _led_elsewhere()
        yield


def _led_elsewhere() -> NotNow:
    return NotNow("The bot is running; stop it first.")


def _file_of(database: Database) -> Path:
    return Path(f"{database.url.database}.leader")


@asynccontextmanager
async def _holding_file(path: Path) -> AsyncIterator[Holds]:
    async def holds() -> None:
        return

    waits = False
    while True:
        lock = atomic.locked(path, wait=False)
        try:
            lock.__enter__()
        except BlockingIOError:
            waits = waits or _tell_of_another()
            await asyncio.sleep(RETRY_SECONDS)
            continue
        try:
            yield holds
        finally:
            lock.__exit__(None, None, None)
        return


def _tell_of_another() -> bool:
    log.info("another bot uses the same database, and learns the voices; this one learns them once that one has ended")
    return True


@asynccontextmanager
async def _holding_connection(database: Database) -> AsyncIterator[Holds]:
    async with database.session() as connection:

        async def holds() -> None:
            with database.told():
                await connection.execute(sa.text("SELECT 1"))

        async def is_ours() -> bool:
            with database.told():
                return bool(await connection.scalar(sa.text(_TRY)))

        waits = False
        while not await is_ours():
            waits = waits or _tell_of_another()
            await asyncio.sleep(RETRY_SECONDS)
        yield holds

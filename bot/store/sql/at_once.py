"""Short transactions on SQLite: each is one visit to a thread that has a connection of its own.

SQLAlchemy's asyncio visits the driver's thread for every statement, every BEGIN and every COMMIT. That is most of what
a short transaction costs. What is asked again and again is kept until somebody writes, in this process or another one:
SQLite's `PRAGMA data_version` tells that in 5 us of processor time. Asking for a token takes 86, for consent 226.

Knows SQLite's file and threads. Does not know tables, or who may write when.
"""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from bot.store.sql.kept_text import keep_texts_whole

ResultT = TypeVar("ResultT")
MAX_KEPT = 1_000  # results; all are dropped when there are more


class OneThread:
    """A thread with a connection to the file of `url`. Every transaction on it begins with `begin`."""

    def __init__(self, url: sa.URL, begin: str, *, busy_seconds: float, synchronous: str):
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._engine = sa.create_engine(
            url.set(drivername="sqlite+pysqlite"),
            connect_args={"timeout": busy_seconds},
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        self._connection: sa.Connection | None = None
        self._kept: dict[Hashable, Any] = {}
        self._kept_of = 0  # the state of the database, as the connection numbers them
        event.listen(self._engine, "connect", lambda connection, _: _set_up(connection, synchronous))
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        keep_texts_whole(self._engine)

    async def run(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        """Returns what `call` returns. It is committed as a whole, or undone if `call` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, call)

    async def run_kept(
        self, key: Hashable, call: Callable[[sa.Connection], Any], then: Callable[[Any], ResultT]
    ) -> ResultT:
        """Returns what `then` makes of what `call` returns, or has returned under `key` since somebody wrote last.

        `call` must only read, and nobody may change what it returns. Writing on this connection is not noticed.
        """

        def visit() -> ResultT:
            return then(self._kept_result(key, call))

        return await asyncio.get_running_loop().run_in_executor(self._thread, visit)

    def _kept_result(self, key: Hashable, call: Callable[[sa.Connection], Any]) -> Any:
        state = self._state()
        if state != self._kept_of or len(self._kept) > MAX_KEPT:
            self._kept.clear()
            self._kept_of = state
        if key not in self._kept:
            # What is read after the state may be newer than it, never older.
            self._kept[key] = self._transaction(call)
        return self._kept[key]

    def _state(self) -> int:
        try:
            driver: Any = self._connected().connection.driver_connection
            number: int = driver.execute("PRAGMA data_version").fetchone()[0]
        except BaseException:
            self._disconnect()
            raise
        return number

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _transaction(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        connection = self._connected()
        try:
            with connection.begin():
                return call(connection)
        except BaseException:
            self._disconnect()  # the next one begins with nothing of this one
            raise

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._kept.clear()  # another connection numbers the states in another way
        if connection:
            connection.close()

    async def close(self) -> None:
        """Disconnect. Whoever still waits for a transaction is waited for."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()


def _set_up(connection: Any, synchronous: str) -> None:
    connection.isolation_level = None  # transactions begin as `begin` says
    set_up_durably(connection, synchronous)


def set_up_durably(connection: Any, synchronous: str) -> None:
    """Say of a connection when a commit counts as done, and that what it deletes leaves the file."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA synchronous={synchronous}")
    cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten does not stay in free pages
    cursor.close()

"""Short transactions on SQLite: each is one visit to a thread that has a connection of its own.

SQLAlchemy's asyncio visits the driver's thread for every statement, every BEGIN and every COMMIT. That is most of what
a short transaction costs.

Knows SQLite's file and threads. Does not know tables, or who may write when.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

ResultT = TypeVar("ResultT")


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
        event.listen(self._engine, "connect", lambda connection, _: _set_up(connection, synchronous))
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql(begin))

    async def run(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        """Returns what `call` returns. It is committed as a whole, or undone if `call` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, call)

    def _transaction(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            with self._connection.begin():
                return call(self._connection)
        except BaseException:
            self._disconnect()  # the next one begins with nothing of this one
            raise

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
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

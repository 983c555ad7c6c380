"""SQLite's connections: how one lets go of its file, and how the first one switches to the write-ahead log.

Knows SQLite's driver. Does not know transactions, or tables.
"""

import asyncio
import contextlib
import sqlite3
from typing import Any
from weakref import WeakSet

WAL_TRIES, WAL_PAUSE_SECONDS = 100, 0.05


class Closable(sqlite3.Connection):
    """A connection that lets go of its file when it is closed.

    SQLAlchemy closes the connection of a task that was cancelled within a statement. SQLite then keeps the connection,
    its transaction and its lock until the last statement is deleted, which the error's traceback holds: until then
    nobody could write. So `close` rolls back, and ends all statements.
    """

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        cursor: sqlite3.Cursor = super().cursor(*arguments, **options)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        try:
            # Its driver may close it a second time, which is no error for a plain connection either.
            with contextlib.suppress(sqlite3.ProgrammingError):
                for cursor in list(self._cursors):
                    cursor.close()
                if self.in_transaction:
                    self.rollback()
        finally:
            super().close()


def use_wal(connection: Any) -> None:
    """Switch to the write-ahead log, also when two start at once: SQLite does not wait for locks in the switch."""
    cursor = connection.cursor()
    for tries_left in range(WAL_TRIES, -1, -1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not tries_left:
                raise
            connection.run_async(lambda _: asyncio.sleep(WAL_PAUSE_SECONDS))
        else:
            break
    cursor.close()

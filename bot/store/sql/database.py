"""One database, SQLite or PostgreSQL: connections, transactions, migrations, and failures as one sentence.

Writers take turns: on SQLite by BEGIN IMMEDIATE, on PostgreSQL by an advisory lock of the transaction. So what a writer
has read stays true until it commits, on both. Transactions are short. None of them calls anything outside the database.

Knows SQLAlchemy. Does not know tables, or how they are brought up to date.
"""

import asyncio
import contextlib
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.core.errors import StoreUnavailable
from bot.store.sql.at_once import OneThread, set_up_durably
from bot.store.sql.kept_text import keep_texts_whole
from bot.store.sql.sqlite_connection import WAL_PAUSE_SECONDS, WAL_TRIES, Closable, use_wal
from bot.store.sql.upgrading import upgrade
from huggingtweets.core.errors import Misconfigured, first_line

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
BUSY_SECONDS = 5.0
ANSWER_SECONDS = 8.0  # for a whole transaction on PostgreSQL: more than a writer may wait for its turn
MIGRATION_SECONDS = 300.0  # a large table may be written anew
CLOSE_SECONDS = 2.0
SYNCHRONOUS = "FULL"  # SQLite: a commit has reached the disk. NORMAL may lose the last ones to a power cut.
CONNECTIONS = 8  # readers and writers of this process at once; more wait
_WRITERS = 0x68747765  # the number of the writers' advisory lock on PostgreSQL, chosen at random
_MIGRATIONS = _WRITERS + 1
LEADER = _WRITERS + 2
_BEGIN = "begin_statement"
_VALUE = re.compile(r"(?<=invalid input for query argument) \$\d+: .*")  # asyncpg repeats what was given
_BEGINS = {False: "BEGIN", True: "BEGIN IMMEDIATE"}  # SQLite's, by whether the transaction writes
_MENDS = {  # words of SQLite's, libpq's and the system's messages
    "is locked": "another process writes to it for long: stop that one, or try again",
    "is full": "make room on the disk, and try again",
    "no space left": "make room on the disk, and try again",
    "readonly": "let this user write to the file and its folder",
    "read-only": "let this user write to the file and its folder",
    "permission denied": "let this user write to the file and its folder",
    "unable to open": "let this user write to the file and its folder",
    "malformed": "the file is damaged: put a backup in its place",
    "not a database": "the file is something else: move it away, or name another",
    "password": "set the right password in the environment",
    "limit of size": "too much is asked of it at once: try again",
}


class Database:
    """Transactions. An async context manager: it connects, brings the tables up to date, and disconnects at the end."""

    def __init__(self, url: str):
        self.url = _with_driver(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine: AsyncEngine | None = None
        self._file: tuple[Path, tuple[int, int] | None] | None = None  # SQLite's, and which one it was when opened
        # Writers of this process queue here. SQLite would let them poll in no order, up to 100 ms apart.
        self._turn = asyncio.Lock()
        self._threads: dict[bool, OneThread] = {}  # SQLite's, for short transactions: by whether they write

    @property
    def shown(self) -> str:
        """The file, or the address without its password and without the driver's name, for logs and sentences."""
        if self.is_sqlite:
            return self.url.database or "in memory"
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)

    async def __aenter__(self) -> Self:
        self._engine = self._connectable()
        try:
            with self.told():
                async with self._limited(MIGRATION_SECONDS), self._engine.connect() as connection:
                    await connection.run_sync(_migrate)
        except BaseException:
            await self._engine.dispose()
            raise
        if self.is_sqlite:
            path = Path(self.url.database or "")
            self._file = path, _identity(path)
            for write, begin in _BEGINS.items():
                self._threads[write] = OneThread(self.url, begin, busy_seconds=BUSY_SECONDS, synchronous=SYNCHRONOUS)
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._disconnect()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """The database as it is, while the context lasts. Its tables may be of another release."""
        self._engine = self._connectable()
        try:
            yield
        finally:
            await self._disconnect()

    async def _disconnect(self) -> None:
        assert self._engine
        while self._threads:
            await self._threads.popitem()[1].close()
        try:
            if not self.is_sqlite:
                await self.answers(CLOSE_SECONDS)
            await self._engine.dispose()
        except StoreUnavailable as error:
            # A connection is closed in order only if the server answers.
            log.warning("connections are left open: %s", error)
            await self._engine.dispose(close=False)

    async def answers(self, within_seconds: float) -> None:
        """Check that the database can be used. Raises `StoreUnavailable` if it does not answer in time."""
        with self.told():
            async with asyncio.timeout(within_seconds), self._begun(write=False) as connection:
                await connection.execute(sa.text("SELECT 1"))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, and sees one state of the data. Raises `StoreUnavailable`."""
        async with self._begun(write=False) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that waits its turn among writers, and is committed at the end. Raises `StoreUnavailable`."""
        async with self._begun(write=True) as connection:
            yield connection

    async def read_at_once(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        """What `call` returns, in a transaction like `reading`. On SQLite this costs a tenth of it.

        `call` runs on a thread there. It may only use its connection.
        """
        return await self._at_once(call, write=False)

    async def read_kept(
        self, key: Hashable, call: Callable[[sa.Connection], Any], then: Callable[[Any], ResultT]
    ) -> ResultT:
        """What `then` makes, on a thread, of what `call` returns. On SQLite that is kept until somebody writes.

        `key` says what `call` reads. Nobody may change what it returns.
        """
        if not self._threads:
            return await asyncio.to_thread(then, await self._at_once(call, write=False))
        self._refuse_without_file()

        def made(value: Any) -> tuple[ResultT | None, Exception | None]:
            try:
                return then(value), None
            except Exception as error:  # noqa: BLE001  it is raised again, and is none of the database
                return None, error

        with self.told():
            result, error = await self._threads[False].run_kept(key, call, made)
        if error:
            raise error
        return cast("ResultT", result)

    async def write_at_once(self, call: Callable[[sa.Connection], ResultT]) -> ResultT:
        """What `call` returns, in a transaction like `writing`. On SQLite this costs a tenth of it.

        `call` runs on a thread there. It may only use its connection. Whoever is cancelled meanwhile does not know
        whether it was committed.
        """
        return await self._at_once(call, write=True)

    async def rows(self, query: sa.Executable) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """The rows of one query that gives few, read at once."""
        return await self.read_at_once(lambda connection: connection.execute(query).all())

    async def row(self, query: sa.Executable) -> sa.Row[*tuple[Any, ...]] | None:
        """The first row of one query, read at once; None if there is none."""
        return await self.read_at_once(lambda connection: connection.execute(query).first())

    async def values(self, query: sa.Executable) -> Sequence[Any]:
        """The first column of the rows of one query that gives few, read at once."""
        return await self.read_at_once(lambda connection: connection.scalars(query).all())

    async def value(self, query: sa.Executable) -> Any | None:
        """The first column of the first row of one query, read at once; None if there is none."""
        return await self.read_at_once(lambda connection: connection.scalar(query))

    async def change(self, statement: sa.Executable) -> int:
        """How many rows one statement has changed, at once."""
        return await self.write_at_once(lambda connection: connection.execute(statement).rowcount)

    async def _at_once(self, call: Callable[[sa.Connection], ResultT], *, write: bool) -> ResultT:
        if not self._threads:
            async with self._begun(write=write) as connection:
                return await connection.run_sync(call)
        self._refuse_without_file()
        with self.told():
            async with self._turn if write else contextlib.nullcontext():
                return await self._threads[write].run(call)

    @asynccontextmanager
    async def for_long(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        """A transaction like those above that may take as long as it needs. Nobody waits for an answer of it."""
        async with self._begun(write=write, seconds=None) as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self, *, write: bool, seconds: float | None = ANSWER_SECONDS) -> AsyncIterator[AsyncConnection]:
        assert self._engine, "the database is used inside its context"
        self._refuse_without_file()
        turn = self._turn if write else contextlib.nullcontext()
        with self.told():
            async with self._limited(seconds), turn, self._engine.connect() as plain:
                connection = await plain.execution_options(**{_BEGIN: _BEGINS[write]})
                async with connection.begin():
                    if not self.is_sqlite:
                        await connection.execute(sa.text(_begin_on_postgresql(write)))
                    yield connection

    def _refuse_without_file(self) -> None:
        """Refuse a file that was deleted: SQLite would go on in it, and what it writes would be lost at the end."""
        if self._file and _identity(self._file[0]) != self._file[1]:
            raise StoreUnavailable(
                f"The database {self.shown} cannot be used now (its file was deleted or replaced while the bot ran); "
                "put it back, or start the bot again."
            )

    def _limited(self, seconds: float | None) -> asyncio.Timeout:
        """Limit the time a server may take. A file is waited for: the thread of its driver cannot be interrupted."""
        return asyncio.timeout(None if self.is_sqlite else seconds)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """A connection without transactions, for locks that last as long as it. Raises `StoreUnavailable`."""
        assert self._engine, "the database is used inside its context"
        # SQLite's driver has no time limit for answers. It waits only while its file is locked.
        arguments = _for_sqlite() if self.is_sqlite else _for_postgresql(command_timeout=ANSWER_SECONDS)
        engine = create_async_engine(
            self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
        )
        try:
            with self.told():
                connection = await engine.connect()
            try:
                yield connection
            finally:
                # A connection that the server has dropped, or does not answer on, cannot be closed in order.
                with contextlib.suppress(exc.DBAPIError, OSError):
                    async with self._limited(CLOSE_SECONDS):
                        await connection.close()
        finally:
            await engine.dispose()

    async def write_back(self) -> None:
        """Empty SQLite's write-ahead log. Until it is written back, it still holds what was deleted."""
        if not self.is_sqlite:
            return
        async with self.session() as connection:
            for _ in range(WAL_TRIES):
                busy, *_ = (await connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
                if not busy:
                    return
                await asyncio.sleep(WAL_PAUSE_SECONDS)
        log.warning("the database's log still holds what was deleted: somebody reads for long")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns a failure of the database into `StoreUnavailable`. A unique key that is taken passes as it is."""
        try:
            yield
        except exc.IntegrityError:
            raise
        except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error, OSError) as error:
            raise StoreUnavailable(_sentence(self.shown, error)) from error

    def _connectable(self) -> AsyncEngine:
        pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
        pool["hide_parameters"] = True  # they are what people wrote
        if not self.is_sqlite:
            settings = {"lock_timeout": f"{BUSY_SECONDS:.0f}s", "idle_in_transaction_session_timeout": "60s"}
            arguments = _for_postgresql(server_settings=settings)
            engine = create_async_engine(self.url, pool_pre_ping=True, connect_args=arguments, **pool)
            keep_texts_whole(engine.sync_engine)
            return engine
        assert self.url.database
        Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(self.url, connect_args=_for_sqlite(), **pool)
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_on_sqlite)
        keep_texts_whole(engine.sync_engine)
        return engine


def _for_sqlite() -> dict[str, Any]:
    """Returns what its driver needs to connect."""
    return {"timeout": BUSY_SECONDS, "factory": Closable}


def _for_postgresql(**more: Any) -> dict[str, Any]:
    return {"timeout": BUSY_SECONDS, **more}


def _identity(path: Path) -> tuple[int, int] | None:
    """Returns what tells the file at `path` from another one in its place, or None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def insert(database: Database, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """Returns an insert that can say what to do if there is such a row. Both databases write that in the same way."""
    if database.is_sqlite:
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def _with_driver(url: str) -> sa.URL:
    """Returns `url` with our driver. Raises `Misconfigured`, without the URL, because that may hold a password."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise Misconfigured(
            "The database's URL cannot be read; write it as postgresql://USER@HOST:PORT/DATABASE."
        ) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database:
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+asyncpg")
    raise Misconfigured("The database's URL must begin with postgresql:// or sqlite:///; no other is known here.")


def _set_up_sqlite(connection: Any, _: object) -> None:
    # We begin transactions ourselves: sqlite3 would begin them late and deferred, and a deferred read-then-write fails
    # at once when somebody else has written (685 times in a test of three processes; 0 with BEGIN IMMEDIATE).
    connection.isolation_level = None
    use_wal(connection)
    set_up_durably(connection, SYNCHRONOUS)


def _begin_on_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))


def _begin_on_postgresql(write: bool) -> str:
    if write:
        return f"SELECT pg_advisory_xact_lock({_WRITERS})"
    return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _migrate(connection: sa.Connection) -> None:
    """Bring the tables up to date. One process does it at a time."""
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATIONS})"))
        upgrade(connection)


def _sentence(shown: str, error: Exception) -> str:
    """Returns what happened and how to mend it, by what the driver says, without any statement or its values."""
    if isinstance(error, TimeoutError):
        return f"The database {shown} cannot be used now (it does not answer); see whether it runs, or hangs."
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    said = _VALUE.sub("", first_line(cause or error))
    mend = next((mend for words, mend in _MENDS.items() if words in said.lower()), "see whether it runs and is let in")
    return f"The database {shown} cannot be used now ({said}); {mend}."

"""One database, SQLite or PostgreSQL: connections, transactions, migrations, and failures as one sentence.

Writers take turns: on SQLite by BEGIN IMMEDIATE, on PostgreSQL by an advisory lock of the transaction. So what a writer
has read stays true until it commits, on both. Transactions are short. None of them calls anything outside the database.

Knows SQLAlchemy and Alembic. Does not know tables.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.core.errors import StoreUnavailable
from huggingtweets.core.errors import Misconfigured, first_line

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
BUSY_SECONDS = 5.0
ANSWER_SECONDS = 8.0  # for a whole transaction on PostgreSQL: more than a writer may wait for its turn
MIGRATION_SECONDS = 300.0  # a large table may be written anew
CLOSE_SECONDS = 2.0
WAL_TRIES, WAL_PAUSE_SECONDS = 100, 0.05
CONNECTIONS = 8  # readers and writers of this process at once; more wait
_WRITERS = 0x68747765  # the number of the writers' advisory lock on PostgreSQL, chosen at random
_MIGRATIONS = _WRITERS + 1
LEADER = _WRITERS + 2
_BEGIN = "begin_statement"
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

    @property
    def shown(self) -> str:
        """The address without its password, for logs and sentences."""
        return self.url.render_as_string(hide_password=True)

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
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._engine
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

    @asynccontextmanager
    async def _begun(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        assert self._engine, "the database is used inside its context"
        self._refuse_without_file()
        turn = self._turn if write else contextlib.nullcontext()
        with self.told():
            async with self._limited(ANSWER_SECONDS), turn, self._engine.connect() as plain:
                connection = await plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE" if write else "BEGIN"})
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

    def _limited(self, seconds: float) -> asyncio.Timeout:
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
        except (exc.DBAPIError, exc.TimeoutError, OSError) as error:
            raise StoreUnavailable(_sentence(self.shown, error)) from error

    def _connectable(self) -> AsyncEngine:
        pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
        pool["hide_parameters"] = True  # they are what people wrote
        if not self.is_sqlite:
            settings = {"lock_timeout": f"{BUSY_SECONDS:.0f}s", "idle_in_transaction_session_timeout": "60s"}
            arguments = _for_postgresql(server_settings=settings)
            return create_async_engine(self.url, pool_pre_ping=True, connect_args=arguments, **pool)
        assert self.url.database
        Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(self.url, connect_args=_for_sqlite(), **pool)
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_on_sqlite)
        return engine


class _Closable(sqlite3.Connection):
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
            for cursor in list(self._cursors):
                cursor.close()
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


def _for_sqlite() -> dict[str, Any]:
    """Returns what its driver needs to connect."""
    return {"timeout": BUSY_SECONDS, "factory": _Closable}


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
    return sqlite.insert(table) if database.is_sqlite else postgresql.insert(table)


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
    _use_wal(connection)
    cursor = connection.cursor()
    # FULL: a commit has reached the disk. NORMAL may lose the last ones to a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten does not stay in free pages
    cursor.close()


def _use_wal(connection: Any) -> None:
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
        try:
            command.upgrade(alembic_config(connection), "head")
        except CommandError as error:
            raise StoreUnavailable(
                f"The database was made by a newer version of the bot ({error}); "
                "start that version, or restore a backup."
            ) from error


def alembic_config(connection: sa.Connection) -> AlembicConfig:
    """Alembic's settings for commands on this connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _sentence(shown: str, error: Exception) -> str:
    """Returns what happened and how to mend it, by what the driver says, without any statement or its values."""
    if isinstance(error, TimeoutError):
        return f"The database {shown} cannot be used now (it does not answer); see whether it runs, or hangs."
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    said = first_line(cause or error)
    mend = next((mend for words, mend in _MENDS.items() if words in said.lower()), "see whether it runs and is let in")
    return f"The database {shown} cannot be used now ({said}); {mend}."

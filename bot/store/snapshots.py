"""The whole database as one SQLite file, and back. It is at one moment, and the bot goes on meanwhile.

A snapshot has the tables of the release that made it. Only values are taken from one: tables are made here, by our own
migrations. So nothing that somebody wrote into a snapshot is run.

Knows both databases, tables and migrations. Does not know what becomes of the file.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.store.sql.database import Database
from bot.store.sql.upgrading import HEAD, VERSION_TABLE, is_known, upgrade_to
from bot.store.sql.upgrading import revision_of as revision_of_tables
from bot.store.tables import metadata, opt_outs, tombstones
from huggingtweets.core.errors import BadFile, Unavailable

ROWS = 500  # in memory at once


async def take(database: Database, file: Path) -> str:
    """Write all of `database`, which need not be entered, to `file`. Returns the revision of its tables.

    A database that is not there yet gives one without rows.
    """
    if not database.is_sqlite:
        return await _of_postgresql(database, file)
    with database.told():
        return await asyncio.to_thread(_of_sqlite, Path(database.url.database or ""), file)


async def is_there(database: Database) -> bool:
    """Returns True if there are tables in `database`, which need not be entered."""
    if database.is_sqlite:
        return has_file(database)
    async with database.connected(), database.reading() as connection:
        return bool(await connection.run_sync(lambda sync: sa.inspect(sync).has_table(VERSION_TABLE)))


async def revision_of(database: Database) -> str:
    """The revision of the tables of a database that is connected. Empty if there are none."""
    async with database.reading() as connection:
        return await connection.run_sync(revision_of_tables)


def has_file(database: Database) -> bool:
    """Returns True if the file of an SQLite database exists."""
    return Path(database.url.database or "").exists()


async def withdrawn(database: Database) -> frozenset[str]:
    """Everybody who was forgotten or has opted out, by this database, which need not be entered."""
    if database.is_sqlite and not has_file(database):
        return frozenset()
    async with database.connected(), database.reading() as connection:
        if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table(tombstones.name)):
            return frozenset()
        query = sa.union(sa.select(tombstones.c.subject), sa.select(opt_outs.c.person))
        return frozenset(await connection.scalars(query))


async def put(file: Path, database: Database) -> None:
    """Replace all rows of `database` by those of `file`, or none. Both are up to date; `database` is no SQLite."""
    source = _opened(file)
    try:
        async with database.for_long(write=True) as connection:
            with source.connect() as snapshot:
                for table in metadata.sorted_tables:
                    await connection.execute(sa.delete(table))
                    for rows in snapshot.execute(sa.select(table)).mappings().partitions(ROWS):
                        await connection.execute(sa.insert(table), [dict(row) for row in rows])
                    await _count_on(connection, table)
    finally:
        source.dispose()


def bring_up_to_date(backup: Path, snapshot: Path, revision: str, file: Path) -> None:
    """Make `file` a database of this release with the values of `snapshot`, whose tables are of `revision`.

    Raises `Unavailable` for a newer release, and `BadFile` if the snapshot cannot be read.
    """
    if not revision or not is_known(revision):
        raise Unavailable(
            f"{backup} was made by a newer release of huggingtweets; install that release or a later one, "
            "and restore the backup with it."
        )
    _make_tables(file, revision)
    try:
        with (
            closing(sqlite3.connect(f"{snapshot.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as source,
            closing(sqlite3.connect(file)) as target,
        ):
            source.execute("PRAGMA trusted_schema=OFF")
            for (table,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                if table != VERSION_TABLE and not table.startswith("sqlite_"):
                    _copy(source, target, table)
            target.commit()
    except sqlite3.Error as error:
        raise BadFile(backup, f"the database in it cannot be read: {error}", "take another backup") from error
    _make_tables(file, HEAD)


def _of_sqlite(source: Path, file: Path) -> str:
    if source.exists():
        # In one step: a writer does not have to wait for it, and does not make it begin again.
        with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(file)) as snapshot:
            database.backup(snapshot)
            snapshot.execute("PRAGMA journal_mode=DELETE")
        if revision := _revision(file):
            return revision
        file.unlink()
    return _make_tables(file, HEAD)


def _revision(file: Path) -> str:
    """The revision of a snapshot's tables. Empty if it has none, as a database whose first start was cut off."""
    with closing(sqlite3.connect(file)) as snapshot:
        try:
            row = snapshot.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608  a constant
        except sqlite3.OperationalError:
            return ""
    return str(row[0]) if row else ""


async def _of_postgresql(database: Database, file: Path) -> str:
    head = _make_tables(file, HEAD)
    target = _opened(file)
    try:
        async with database.connected(), database.for_long(write=False) as connection:
            await _refuse_another_release(connection, database, head)
            with target.begin() as snapshot:
                for table in metadata.sorted_tables:
                    stream = await connection.stream(sa.select(table))
                    async for rows in stream.mappings().partitions(ROWS):
                        snapshot.execute(sa.insert(table), [dict(row) for row in rows])
    finally:
        target.dispose()
    return head


async def _refuse_another_release(connection: Any, database: Database, head: str) -> None:
    has_tables = await connection.run_sync(lambda sync: sa.inspect(sync).has_table(VERSION_TABLE))
    if has_tables and await connection.run_sync(revision_of_tables) != head:
        raise Unavailable(
            f"The tables in {database.shown} are of another release of huggingtweets; make the backup with the release "
            "that the bot runs with."
        )


def _make_tables(file: Path, revision: str) -> str:
    """Bring the SQLite database `file` to `revision`. Returns the revision that it has then."""
    engine = _opened(file)
    try:
        with engine.begin() as connection:
            upgrade_to(connection, revision)
            return revision_of_tables(connection)
    finally:
        engine.dispose()


def _opened(file: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{file}", hide_parameters=True)  # they are what people wrote


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    """Copy the values of one table. A view or a virtual table in its place has no page of its own and is refused."""
    is_table = "SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table' AND rootpage > 0"
    if not source.execute(is_table, (table,)).fetchone():
        raise sqlite3.DatabaseError(f"its table {table} is missing")
    columns = [row[1] for row in target.execute(f'PRAGMA table_info("{table}")')]
    rows = source.execute(f'SELECT {_quoted(columns)} FROM "{table}"')  # noqa: S608  names of our own tables
    marks = ", ".join("?" * len(columns))
    while some := rows.fetchmany(ROWS):
        target.executemany(f'INSERT INTO "{table}" ({_quoted(columns)}) VALUES ({marks})', some)  # noqa: S608


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


async def _count_on(connection: Any, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after those that were put in."""
    if "id" in table.c and table.c.id.identity is not None:
        last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"  # noqa: S608
        await connection.execute(sa.text(last))

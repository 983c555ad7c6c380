"""Both databases: tables as described, writers in turn, and failures as one sentence without a secret."""

import asyncio
import gc
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from bot.core.errors import StoreUnavailable
from bot.store import Store
from bot.store.sql.database import Database
from bot.store.sql.leading import leading
from bot.store.sql.sqlite_connection import Closable
from bot.store.sql.upgrading import alembic_config, latest_revision, revision_of
from bot.store.tables import settings
from huggingtweets.core.errors import Misconfigured
from tests.bot.databases import SHIPPED_SYNCHRONOUS, sqlite_in
from tests.fakes.postgresql import PASSWORD, hung

REPOSITORY = Path(__file__).parents[4]


async def test_the_migrations_make_the_tables_that_the_code_describes(store: Store) -> None:
    async with store.database.writing() as connection:
        await connection.run_sync(lambda plain: command.check(alembic_config(plain)))


async def test_every_migration_can_be_undone_and_done_again(store: Store) -> None:
    async with store.database.writing() as connection:
        await connection.run_sync(lambda plain: command.downgrade(alembic_config(plain), "base"))
        await connection.run_sync(lambda plain: command.upgrade(alembic_config(plain), "head"))
        await connection.run_sync(lambda plain: command.check(alembic_config(plain)))


async def test_the_latest_revision_is_read_off_the_files_as_alembic_reads_it(store: Store) -> None:
    assert latest_revision() == ScriptDirectory.from_config(alembic_config(None)).get_current_head()
    async with store.database.reading() as connection:
        assert await connection.run_sync(revision_of) == latest_revision()


def test_a_database_of_this_release_is_opened_without_alembic(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from bot.store import Store\n"
        "async def main():\n"
        "    async with Store(sys.argv[1]) as store:\n"
        "        assert await store.jobs.active() == []\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    started = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/bot.db"]
    first, second = (subprocess.run(started, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert (first, second) == ("True\n", "False\n")


async def test_a_database_of_a_newer_version_is_refused(store: Store, url: str) -> None:
    async with store.database.writing() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer version"):
        async with Store(url):
            pass


async def test_two_that_start_at_once_both_find_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/bot.db"

    async def start() -> list[str]:
        async with Store(url) as store:
            return [job.name for job in await store.jobs.active()]

    assert await asyncio.gather(*(start() for _ in range(4))) == [[]] * 4


async def test_what_a_writer_has_read_stays_true_until_it_commits(store: Store, url: str) -> None:
    async with Store(url) as other:

        async def count_up(database: Database) -> None:
            async with database.writing() as connection:
                old = await connection.scalar(sa.select(settings.c.value).where(settings.c.key == "count"))
                await asyncio.sleep(0.001)
                await connection.execute(sa.update(settings).where(settings.c.key == "count").values(value=old + 1))

        await store.settings.put("global", "count", 0, by="test")
        await asyncio.gather(*(count_up(one.database) for one in (store, other) for _ in range(20)))
        assert await other.settings.get("global", "count") == 40


async def test_a_writer_that_fails_changes_nothing(store: Store) -> None:
    async def fail() -> None:
        async with store.database.writing() as connection:
            await connection.execute(sa.text("DELETE FROM alembic_version"))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail()
    async with store.database.reading() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1


async def test_a_writer_that_is_cancelled_within_a_statement_lets_others_write_although_its_error_is_kept(
    tmp_path: Path,
) -> None:
    """SQLite keeps a closed connection's lock while a statement of it is alive, and the traceback holds that."""
    url = f"sqlite:///{tmp_path}/bot.db"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000)"
    for_long = sa.text(f"{numbers} SELECT max(i) FROM n UNION ALL SELECT 0")

    async def write_for_long(store: Store) -> None:
        async with store.database.writing() as connection:
            await connection.execute(sa.text("DELETE FROM alembic_version"))
            under_way.set()
            await connection.execute(for_long)

    async with Store(url) as store, Store(url) as other:
        under_way = asyncio.Event()
        writer = asyncio.create_task(write_for_long(store))
        await under_way.wait()
        await asyncio.sleep(0.05)
        writer.cancel()
        [error] = await asyncio.gather(writer, return_exceptions=True)
        async with other.database.writing() as connection:
            assert await connection.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1
    assert isinstance(error, asyncio.CancelledError)


async def test_a_commit_has_reached_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sql.database.SYNCHRONOUS", SHIPPED_SYNCHRONOUS)
    async with Store(sqlite_in(tmp_path)) as store, store.database.writing() as connection:
        assert await connection.scalar(sa.text("PRAGMA synchronous")) == 2, "FULL"


async def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    await store.settings.put("global", "key", "before", by="test")
    async with store.database.writing() as connection:
        await connection.execute(sa.update(settings).values(value="after"))
        assert await asyncio.wait_for(store.settings.get("global", "key"), 120) == "before"
    assert await store.settings.get("global", "key") == "after"


async def test_a_database_that_another_keeps_locked_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.sql.database.BUSY_SECONDS", 0.1)
    async with Store(f"sqlite:///{tmp_path}/bot.db") as store:
        with sqlite3.connect(tmp_path / "bot.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match=r"is locked.*another process writes"):
                await store.settings.put("global", "key", 1, by="test")
            assert await store.settings.get("global", "key") is None
            other.execute("ROLLBACK")
        other.close()
        await store.settings.put("global", "key", 1, by="test")


@pytest.mark.parametrize("another_comes", [False, True])
async def test_a_file_that_was_deleted_is_a_sentence_until_it_is_back(tmp_path: Path, another_comes: bool) -> None:
    data, path = tmp_path / "data", tmp_path / "data" / "bot.db"
    async with Store(f"sqlite:///{path}") as store:
        await store.settings.put("global", "key", "before", by="test")
        data.rename(tmp_path / "away")
        if another_comes:
            async with Store(f"sqlite:///{path}") as other:
                assert await other.settings.get("global", "key") is None
        for act in (store.settings.put("global", "key", "lost", by="test"), store.settings.get("global", "key")):
            with pytest.raises(StoreUnavailable, match=r"deleted or replaced .*; put it back, or start"):
                await act
        shutil.rmtree(data, ignore_errors=True)
        (tmp_path / "away").rename(data)
        assert await store.settings.get("global", "key") == "before"


async def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("dear diary, " * 100)
    with pytest.raises(StoreUnavailable, match="something else: move it away"):
        async with Store(f"sqlite:///{tmp_path}/bot.db"):
            pass


KILLED_AT_A_TABLE = """
import asyncio, os, signal, sys
import sqlalchemy as sa
from bot.store import Store

tables = 0

def count(connection, cursor, statement, *_):
    global tables
    tables += statement.lstrip().startswith("CREATE TABLE")
    if tables == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

async def start():
    async with Store(sys.argv[1]):
        pass

sa.event.listen(sa.Engine, "before_cursor_execute", count)
asyncio.run(start())
"""


@pytest.mark.parametrize("table", [1, 2, 10])
async def test_killed_in_its_first_migration_it_has_no_tables_and_the_next_start_makes_all(
    tmp_path: Path, table: int
) -> None:
    path = tmp_path / "bot.db"
    killed = [sys.executable, "-c", KILLED_AT_A_TABLE, f"sqlite:///{path}", str(table)]
    process = await asyncio.create_subprocess_exec(*killed, cwd=REPOSITORY)
    assert await process.wait() == -signal.SIGKILL
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    async with Store(f"sqlite:///{path}") as store:
        assert await store.jobs.active() == []
        async with store.database.writing() as connection:
            await connection.run_sync(lambda plain: command.check(alembic_config(plain)))


async def test_a_full_disk_is_a_sentence_and_loses_nothing(small_disk: Path) -> None:
    kept = []

    async def fill(store: Store) -> None:
        for number in range(1_000):
            await store.settings.put("global", f"key {number}", "x" * 20_000, by="test")
            kept.append(f"key {number}")

    async with Store(f"sqlite:///{small_disk}/bot.db") as store:
        with pytest.raises(StoreUnavailable, match=r"is full.*make room"):
            await fill(store)
        assert sorted(await store.settings.all("global")) == sorted(kept)
        assert len(kept) > 5
    with sqlite3.connect(small_disk / "bot.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("url", ["mysql://me:s3cret@db/bot", "://s3cret", "sqlite://", "s3cret"])
def test_a_url_of_no_database_known_here_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Misconfigured, match="postgresql://") as refused:
        Store(url)
    assert "s3cret" not in str(refused.value)


async def test_a_server_that_is_not_there_is_a_sentence_without_its_password() -> None:
    store = Store("postgresql://bot:s3cret@127.0.0.1:1/bot")
    with pytest.raises(
        StoreUnavailable, match=r"The database postgresql://bot:\*\*\*@127.0.0.1:1/bot cannot be"
    ) as refused:
        await store.__aenter__()
    assert "s3cret" not in _everything_in(refused.value)


async def test_a_server_that_hangs_is_a_sentence_in_time_for_everybody_and_is_used_again_afterwards(
    postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.sql.database.ANSWER_SECONDS", 1.0)
    monkeypatch.setattr("bot.store.sql.database.BUSY_SECONDS", 0.5)
    async with Store(f"{postgresql_server}/postgres") as store:
        await store.settings.put("global", "key", "before", by="test")
        with hung(postgresql_server):
            async with asyncio.timeout(120):
                with pytest.raises(StoreUnavailable, match="does not answer"):
                    await store.database.answers(0.2)
                asked = [store.settings.get("global", "key") for _ in range(12)]
                told = [store.settings.put("global", f"key {number}", 1, by="test") for number in range(12)]
                results = await asyncio.gather(*asked, *told, return_exceptions=True)
        assert {type(result) for result in results} == {StoreUnavailable}
        assert PASSWORD not in "".join(_everything_in(result) for result in results)
        await store.database.answers(5)
        assert await store.settings.get("global", "key") == "before"
        await store.settings.put("global", "key", "after", by="test")


async def test_a_server_that_hangs_holds_no_end_and_no_start_up(
    postgresql_server: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.store.sql.database.CLOSE_SECONDS", 0.3)
    monkeypatch.setattr("bot.store.sql.database.BUSY_SECONDS", 0.5)
    store = Store(f"{postgresql_server}/postgres")
    await store.__aenter__()
    with hung(postgresql_server):
        async with asyncio.timeout(120):
            await store.__aexit__(None, None, None)
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await Store(f"{postgresql_server}/postgres").__aenter__()
    assert "connections are left open" in caplog.text
    assert "Traceback" not in caplog.text
    gc.collect()


async def test_a_leader_whose_server_hangs_knows_that_it_leads_no_more(
    postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.sql.database.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("bot.store.sql.database.CLOSE_SECONDS", 0.3)
    async with asyncio.timeout(120), Store(f"{postgresql_server}/postgres") as store:
        leader = leading(store.database)
        holds = await leader.__aenter__()
        await holds()
        with hung(postgresql_server):
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await holds()
            await leader.__aexit__(None, None, None)
        async with leading(store.database) as holds:
            await holds()


async def test_a_wrong_password_is_a_sentence_without_it(postgresql_server: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"password authentication failed.*environment") as refused:
        await Store(postgresql_server.replace(PASSWORD, "wr0ng") + "/postgres").__aenter__()
    assert "wr0ng" not in _everything_in(refused.value)


async def test_what_people_wrote_is_in_no_error(store: Store) -> None:
    with pytest.raises(StoreUnavailable) as failed:
        async with store.database.writing() as connection:
            await connection.execute(sa.text("INSERT INTO nowhere VALUES (:text)"), {"text": "my secret diary"})
    assert "diary" not in _everything_in(failed.value)
    assert PASSWORD not in _everything_in(failed.value)


def _everything_in(error: BaseException | None) -> str:
    """Returns the texts of an error and of its causes."""
    return f"{error!r} {error} {_everything_in(error.__cause__ or error.__context__)}" if error else ""


async def test_a_transaction_at_once_sees_what_was_just_committed_elsewhere(store: Store, url: str) -> None:
    query = sa.select(settings.c.value).where(settings.c.key == "count")
    async with Store(url) as other:
        for number in range(3):
            await other.settings.put("global", "count", number, by="test")
            assert await store.database.read_at_once(lambda connection: connection.scalar(query)) == number


async def test_a_transaction_at_once_that_fails_changes_nothing(store: Store) -> None:
    await store.settings.put("global", "count", 1, by="test")

    def fail(connection: sa.Connection) -> None:
        connection.execute(sa.delete(settings))
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await store.database.write_at_once(fail)
    assert await store.settings.get("global", "count") == 1


async def test_all_kinds_of_writers_take_turns(store: Store, url: str) -> None:
    def count_up(connection: sa.Connection) -> None:
        old = connection.scalar(sa.select(settings.c.value).where(settings.c.key == "count"))
        connection.execute(sa.update(settings).where(settings.c.key == "count").values(value=old + 1))

    async def count_slowly(database: Database) -> None:
        async with database.writing() as connection:
            await connection.run_sync(count_up)

    await store.settings.put("global", "count", 0, by="test")
    async with Store(url) as other:
        databases = [one.database for one in (store, other) for _ in range(10)]
        await asyncio.gather(
            *(database.write_at_once(count_up) for database in databases),
            *(count_slowly(database) for database in databases),
        )
    assert await store.settings.get("global", "count") == 40


async def test_whoever_is_cancelled_in_a_transaction_at_once_holds_up_nobody(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(connection: sa.Connection) -> None:
        begun.set()
        go_on.wait(30)

    async with Store(f"sqlite:///{tmp_path}/bot.db") as store:
        task = asyncio.create_task(store.database.write_at_once(wait))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await store.settings.put_first("global", "count", 1, by="test")
        assert await store.settings.get("global", "count") == 1


async def test_a_transaction_at_once_is_refused_where_the_file_is_gone(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/bot.db") as store:
        (tmp_path / "bot.db").unlink()
        with pytest.raises(StoreUnavailable, match="its file was deleted"):
            await store.settings.get("global", "count")


def test_a_connection_that_is_closed_twice_says_nothing(tmp_path: Path) -> None:
    """The driver does so if a task is cancelled while its connection is closed."""
    connection = sqlite3.connect(tmp_path / "a.db", factory=Closable)
    cursor = connection.execute("SELECT 1")
    connection.close()
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError):
        cursor.fetchall()

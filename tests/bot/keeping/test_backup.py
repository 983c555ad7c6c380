"""What the bot keeps is in one file, and comes back from it: all or nothing, and nobody who has withdrawn."""

import asyncio
import functools
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
import sqlalchemy as sa

from bot.core.config import Config
from bot.keeping import backing_up, swap
from bot.keeping.archive import Archived
from bot.keeping.backing_up import back_up
from bot.keeping.restoring import go_on
from bot.store import Store, snapshots
from bot.store.tables import feedback, jobs, posts
from huggingtweets.core.errors import BadFile, NotNow, Unavailable, Usage
from huggingtweets.core.events import Progress
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.in_use import InUse
from tests.bot.databases import sqlite_in
from tests.bot.keeping.conftest import PERSON, Place


def backed_up(place: Place, passphrase: str = "") -> Path:
    file = place.folder.parent / "all.backup"
    back_up(place.config, place.config_file, file, passphrase)
    return file


def rows(place: Place, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(place.folder / "data" / "bot.db")) as database:
        return database.execute(query).fetchall()


def test_everything_is_there_again_elsewhere(here: Place, elsewhere: Place) -> None:
    backup = backed_up(here)
    assert backup.stat().st_mode & 0o777 == 0o600
    elsewhere.restore(backup)
    kept = {
        name: content for name, content in here.files().items() if name.startswith(("models", "data/tweets", "data/av"))
    }
    assert len(kept) > 12
    there = elsewhere.files()
    assert kept == {name: there.get(name) for name in kept}
    assert elsewhere.registry.current("ann").version == "v2"
    assert rows(elsewhere, "SELECT person, vote FROM feedback") == [("discord:8", 1)]
    # The settings are put beside those that are there, for somebody to read.
    assert (elsewhere.folder / "config.restored.toml").read_text() == "# of here\n"
    assert elsewhere.config_file.read_text() == "# of elsewhere\n"
    assert not list(elsewhere.folder.rglob(".restoring*/*"))


def test_a_voice_with_a_name_as_long_as_names_may_be_comes_back(here: Place, elsewhere: Place) -> None:
    voice = "-".join(f"{number:030}" for number in range(6))
    assert len(voice) > 180
    here.learn(voice)
    elsewhere.restore(backed_up(here))
    assert elsewhere.registry.current(voice).version == "v1"
    assert elsewhere.tweets.tweets(voice) == here.tweets.tweets(voice)


def test_an_encrypted_backup_shows_nothing_and_opens_with_its_passphrase_alone(
    here: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Trying a passphrase takes 2 s on purpose. The same one is tried on the same lock again and again here.
    monkeypatch.setattr(pyrage.passphrase, "decrypt", functools.cache(pyrage.passphrase.decrypt))
    backup = backed_up(here, "correct horse")
    content = backup.read_bytes()
    # No short text: random bytes have "ann" somewhere once in a while.
    assert b"weights of ann" not in content
    assert b"weights of bob" not in content
    before = elsewhere.files()
    with pytest.raises(BadFile, match="the passphrase does not open it"):
        elsewhere.restore(backup, passphrase="wrong horse")
    assert elsewhere.files() == before
    flipped = content[:-99] + bytes([content[-99] ^ 1]) + content[-98:]
    for damage in (content[:-1], content[:-3000], flipped, content[:100], content[:35]):
        backup.write_bytes(damage)
        with pytest.raises(BadFile, match=r"damaged|cut off|does not open"):
            elsewhere.restore(backup, passphrase="correct horse")
        assert elsewhere.files() == before
    backup.write_bytes(content)
    elsewhere.restore(backup, passphrase="correct horse")
    assert elsewhere.registry.names() == ["ann", "bob"]


def test_a_damaged_or_cut_off_backup_is_refused_and_changes_nothing(here: Place, elsewhere: Place) -> None:
    backup = backed_up(here)
    content, before = backup.read_bytes(), elsewhere.files()
    middle = content.index(b"weights of bob")
    damages = [content[:length] for length in (0, 100, 512, 5_000, middle, len(content) - 1024, len(content) - 1)]
    damages += [content[:middle] + b"W" + content[middle + 1 :], b"#!/bin/sh\n" * 100]
    for damage in damages:
        backup.write_bytes(damage)
        with pytest.raises(BadFile, match=r"damaged|no backup of this software"):
            elsewhere.restore(backup)
        assert elsewhere.files() == before
    with pytest.raises(BadFile, match="there is no such file"):
        elsewhere.restore(backup.with_name("nowhere"))


def tar(*members: tarfile.TarInfo, contents: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in {"backup.json": b"{}", **(contents or {})}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in members:
            archive.addfile(member)
    return out.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


@pytest.mark.parametrize(
    "hostile",
    [
        tar(contents={"../evil": b"x"}),
        tar(contents={"/etc/evil": b"x"}),
        tar(contents={"tweets/../../evil": b"x"}),
        tar(contents={"models/ann/v1/../../../evil": b"x"}),
        tar(contents={"models/ann/v1/a\\..\\b": b"x"}),
        tar(contents={"models/base/config.json": b"{}"}),
        tar(contents={"models/.bases/v1/x": b"{}"}),
        tar(contents={"bot.db": b"x"}),
        tar(contents={".ssh/authorized_keys": b"x"}),
        tar(contents={"tweets/a/b": b"x"}),
        tar(contents={"tweets/a": b"x", "tweets/b": b"y", "models/ann/v1/a": b"x", "models/ann/v1/a/b": b"x"}),
        tar(contents={"tweets/" + "n" * 99: b"x", "models/ann/v1/" + "n" * 300: b"x"}),
        tar(contents={"long-names/1.name": b"../../evil", "long-names/1": b"x"}),
        tar(contents={"long-names/1.name": b"tweets/a", "long-names/2.name": b"tweets/b", "long-names/1": b"x"}),
        tar(contents={"long-names/1": b"x"}),
        tar(special("tweets/link", tarfile.SYMTYPE, "/etc/passwd")),
        tar(special("tweets/link", tarfile.LNKTYPE, "tweets/ann.jsonl")),
        tar(special("tweets/pipe", tarfile.FIFOTYPE)),
        tar(special("tweets/device", tarfile.CHRTYPE)),
        tar(special("tweets", tarfile.DIRTYPE)),
        tar(special("tweets/sparse", tarfile.GNUTYPE_SPARSE)),
    ],
)
def test_a_hostile_archive_is_refused_and_writes_nothing(hostile: bytes, elsewhere: Place) -> None:
    backup = elsewhere.folder.parent / "hostile"
    backup.write_bytes(hostile)
    before = {path for path in elsewhere.folder.parent.rglob("*") if not path.name.startswith(".restoring")}
    with pytest.raises(BadFile):
        elsewhere.restore(backup)
    after = {path for path in elsewhere.folder.parent.rglob("*") if not path.name.endswith(".lock")}
    assert {path for path in after - before if path.is_file() and not path.name.endswith(".leader")} == set()


def test_a_file_that_says_to_be_larger_than_the_backup_is_cut_off(elsewhere: Place) -> None:
    member = tarfile.TarInfo("tweets/huge")
    member.size = 1 << 50
    backup = elsewhere.folder.parent / "bomb"
    backup.write_bytes(tar()[:1024] + member.tobuf(tarfile.GNU_FORMAT) + bytes(5_000))
    with pytest.raises(BadFile, match="cut off"):
        elsewhere.restore(backup)


def test_what_is_not_in_the_list_is_not_taken(here: Place, elsewhere: Place) -> None:
    """As a version that was deleted while it was read."""
    archived = Archived()
    snapshot = here.folder / "snapshot.db"
    revision = asyncio.run(snapshots.take(Store(here.config.database_url).database, snapshot))
    content = b"".join(archived.add_bytes("backup.json", json.dumps({"format": 1, "revision": revision}).encode()))
    content += b"".join(archived.add("database.db", snapshot))
    content += b"".join(archived.add_bytes("models/cat/v1/dataset.jsonl", b"half a version"))
    archived.drop("models/cat/v1/dataset.jsonl")
    backup = elsewhere.folder.parent / "made"
    backup.write_bytes(content + b"".join(archived.end()))
    elsewhere.restore(backup)
    assert not list((elsewhere.folder / "models").rglob("dataset.jsonl"))


def test_a_view_in_the_place_of_a_table_is_not_read(here: Place, elsewhere: Place) -> None:
    with closing(sqlite3.connect(here.folder / "data" / "bot.db")) as database:
        database.execute("ALTER TABLE votes RENAME TO others")
        database.execute("CREATE VIEW votes AS SELECT * FROM others")
        database.commit()
    before = elsewhere.files()
    backup = backed_up(here)
    with pytest.raises(BadFile, match="the database in it cannot be read"):
        elsewhere.restore(backup)
    assert elsewhere.files() == before


def test_a_backup_of_a_newer_release_is_refused(here: Place, elsewhere: Place) -> None:
    with closing(sqlite3.connect(here.folder / "data" / "bot.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(Unavailable, match="made by a newer release of huggingtweets; install that release"):
        elsewhere.restore(backed_up(here))


def test_a_database_of_a_newer_release_here_is_not_replaced(here: Place, elsewhere: Place) -> None:
    sqlite_in(elsewhere.folder / "data")
    with closing(sqlite3.connect(elsewhere.folder / "data" / "bot.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    before = elsewhere.files()
    with pytest.raises(Unavailable, match=r"bot\.db was made by a newer release of huggingtweets"):
        elsewhere.restore(backed_up(here), replace=True)
    assert elsewhere.files() == before


def test_a_backup_of_the_first_release_is_brought_up_to_date(
    make_place: Callable[..., Place], elsewhere: Place
) -> None:
    old = make_place("old")
    old.learn("ann")
    snapshots._make_tables(old.folder / "data" / "bot.db", "0001")
    with closing(sqlite3.connect(old.folder / "data" / "bot.db")) as database:
        database.execute("INSERT INTO tombstones VALUES ('eve', 'discord:1', '2026-01-01 00:00:00.000000')")
        database.execute(
            "INSERT INTO settings VALUES ('global', 'key', '\"value\"', '2026-01-01 00:00:00.000000', 'x')"
        )
        database.commit()
    # The bot here has an older database, too: it has not been started since it was upgraded.
    (elsewhere.folder / "data").mkdir()
    snapshots._make_tables(elsewhere.folder / "data" / "bot.db", "0002")
    elsewhere.restore(backed_up(old), replace=True)

    async def check(store: Store) -> None:
        assert await store.settings.get("global", "key") == "value"
        assert await store.consent.all_buried() == {"eve"}

    elsewhere.in_store(check)


def test_no_secret_is_in_a_backup(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"secret-{number}-of-the-operator" for number, name in enumerate(Config().secret_names)}
    secrets["BOT_DATABASE_URL"] = here.config.database_url + "?mode=secret-of-the-operator"
    for name in secrets:
        monkeypatch.setenv(name, secrets[name])
    back_up(here.config, here.config_file, here.folder / "b")
    assert b"of-the-operator" not in (here.folder / "b").read_bytes()


def test_what_is_here_is_replaced_only_if_that_is_wanted(here: Place, elsewhere: Place) -> None:
    backup = backed_up(here)
    elsewhere.learn("cat")
    elsewhere.learn("ann")
    before = elsewhere.files()
    with pytest.raises(Usage, match=r"2 voices, the tweets of 2 accounts\. Say --replace"):
        elsewhere.restore(backup)
    assert elsewhere.files() == before
    elsewhere.restore(backup, replace=True)
    assert elsewhere.registry.names() == ["ann", "bob"]
    assert elsewhere.registry.versions("ann") == ["v1", "v2"]
    assert elsewhere.tweets.handles() == ["ann", "bob"]


def test_a_base_is_never_replaced_by_a_voice_of_its_name(here: Place, elsewhere: Place) -> None:
    (elsewhere.folder / "models" / "bob").mkdir(parents=True)
    (elsewhere.folder / "models" / "bob" / "config.json").write_text("{}")
    with pytest.raises(BadFile, match="its voice bob has the name of a base"):
        elsewhere.restore(backed_up(here))
    assert elsewhere.registry.names() == []


def test_only_a_backup_is_replaced_by_a_backup(here: Place) -> None:
    file = backed_up(here)
    back_up(here.config, here.config_file, file)
    for there in (here.config_file, here.folder, here.folder / "nowhere" / "b"):
        with pytest.raises(Usage):
            back_up(here.config, here.config_file, there)
    assert here.config_file.read_text() == "# of here\n"


def test_progress_is_told(here: Place) -> None:
    told: list[Progress] = []
    back_up(here.config, here.config_file, here.folder / "b", progress=told.append)
    assert told[-1].done == told[-1].total
    assert all(one.done < one.total for one in told[:-1])


# who has withdrawn


def test_who_was_forgotten_here_since_does_not_come_back(here: Place) -> None:
    backup = backed_up(here)

    async def forget(store: Store) -> None:
        await backing_up_person(here, store)

    here.in_store(forget)
    here.restore(backup, replace=True)
    assert here.registry.names() == ["bob"]
    assert here.tweets.handles() == ["bob"]
    assert here.tweets.is_forgotten("ann")
    assert rows(here, "SELECT voice FROM feedback WHERE voice = 'ann'") == []
    assert not (here.folder / "data" / "avatars" / "ann.png").exists()


async def backing_up_person(here: Place, store: Store) -> None:
    from bot.people.consent import Consenting

    await Consenting(store=store, settings=here.config).forget_voice(VoiceName("ann"), by=PERSON)


def test_who_was_forgotten_under_another_name_does_not_come_back(here: Place, elsewhere: Place) -> None:
    here.learn("annie", account="realann")
    backup = backed_up(here)
    elsewhere.learn("queen", account="realann")
    from huggingtweets.workflow.forgetting import forget

    forget(VoiceName("queen"), elsewhere.config)
    elsewhere.restore(backup, replace=True)
    assert elsewhere.registry.names() == ["ann", "bob"]
    assert "annie" not in elsewhere.tweets.handles()


def test_a_person_who_was_forgotten_here_takes_their_rows_and_voices_along(here: Place) -> None:
    async def link(store: Store) -> None:
        await store.consent.claim("discord:server:1", PERSON, "bob")
        await store.consent.confirm("discord:server:1", PERSON, "bob", "discord:9")

    here.in_store(link)
    backup = backed_up(here)
    here.in_store(lambda store: store.forgetting.person(PERSON, PERSON))
    here.restore(backup, replace=True)
    assert here.registry.names() == ["ann"]
    assert rows(here, f"SELECT 1 FROM answers WHERE person = '{PERSON}'") == []


def test_who_opted_out_here_since_stays_silent_by_the_link_that_was_made_since(here: Place) -> None:
    backup = backed_up(here)

    async def opt_out(store: Store) -> None:
        await store.consent.claim("discord:server:1", PERSON, "bob")
        await store.consent.confirm("discord:server:1", PERSON, "bob", "discord:9")
        await store.consent.opt_out(PERSON, "imitation")

    here.in_store(opt_out)
    here.restore(backup, replace=True)

    async def check(store: Store) -> None:
        from bot.people.willing import Willing

        assert await Willing(store, here.config).among([VoiceName("ann"), VoiceName("bob")]) == ["ann"]

    here.in_store(check)
    assert "bob" in json.loads((here.folder / "data" / "tweets" / ".opted-out.json").read_text())


def test_who_was_forgotten_in_the_backup_stays_so_although_they_are_learned_here(here: Place, elsewhere: Place) -> None:
    here.in_store(lambda store: backing_up_person(here, store))
    backup = backed_up(here)
    elsewhere.learn("ann")
    elsewhere.restore(backup, replace=True)
    assert elsewhere.tweets.is_forgotten("ann")
    assert elsewhere.registry.names() == ["bob"]


def test_somebody_who_is_forgotten_while_the_backup_is_made_is_not_in_it(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, times = backing_up._Backup._voice, []

    def voice(self: object, archived: Archived, name: str) -> Iterator[bytes]:
        times.append(name)
        yield from whole(self, archived, name)  # type: ignore[arg-type]
        if times == ["ann"]:
            here.in_store(lambda store: backing_up_person(here, store))

    monkeypatch.setattr(backing_up._Backup, "_voice", voice)
    content = backed_up(here).read_bytes()
    assert times == ["ann", "bob", "bob"]
    assert b"weights of ann" not in content
    assert b"weights of bob" in content


def test_a_version_that_goes_or_comes_meanwhile_leaves_no_half(
    here: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = backing_up._version

    def version(archived: Archived, folder: Path) -> Iterator[bytes]:
        pieces = whole(archived, folder)
        if (folder.parent.name, folder.name) == ("ann", "v1"):
            for _ in range(4):
                yield next(pieces)
            here.registry.prune("ann", 1)
            (folder / "dataset.jsonl").unlink(missing_ok=True)
            here.learn("ann", "v3")
        yield from pieces

    monkeypatch.setattr(backing_up, "_version", version)
    InUse("v2").write(here.registry.root / "ann")
    backup = backed_up(here)
    elsewhere.restore(backup)
    assert elsewhere.registry.versions("ann") == ["v2", "v3"]
    assert elsewhere.registry.current("ann").version == "v3"
    assert not (elsewhere.folder / "models" / "ann" / "v1").exists()


# what was under way


def test_what_was_under_way_is_not_done_twice(here: Place) -> None:
    async def begin(store: Store) -> None:
        await store.jobs.add(VoiceName("ann"), person=PERSON, place="", files=["/uploads/1"], options={}, max_waiting=9)
        for state, reply in (("queued", ""), ("queued", "77"), ("sent", "")):
            await store.posts.add(
                f"{state}{reply}",
                account="x:1",
                voice=VoiceName("ann"),
                version="v1",
                text="t",
                state=state,
                in_reply_to=reply,
            )
        await store.mentions.move("x:1", "mentions", "123")
        await store.posts.spend("x:1", "post", 1_000)

    here.in_store(begin)
    backup = backed_up(here)
    here.in_store(lambda store: store.posts.spend("x:1", "post", 2_000))
    here.restore(backup, replace=True)
    assert rows(here, f"SELECT state FROM {jobs.name}") == [("abandoned",)]
    assert sorted(rows(here, f"SELECT state FROM {posts.name}")) == [("proposed",), ("rejected",), ("sent",)]
    assert rows(here, "SELECT * FROM positions") == []
    assert rows(here, "SELECT sum(micro_usd) FROM costs") == [(3_000,)]


def test_a_token_that_was_revoked_since_stays_revoked(here: Place) -> None:
    here.in_store(lambda store: store.api_tokens.add("program", "a-digest", {}))
    backup = backed_up(here)
    here.in_store(lambda store: store.api_tokens.revoke("program"))
    here.restore(backup, replace=True)
    assert rows(here, "SELECT revoked_at IS NULL FROM api_tokens") == [(0,)]


def test_nothing_is_restored_under_a_bot_that_runs(here: Place) -> None:
    from bot.store.sql.leading import leading

    backup = backed_up(here)

    async def attempt() -> None:
        async with Store(here.config.database_url) as store, leading(store.database):
            with pytest.raises(NotNow, match="The bot is running; stop it first"):
                await asyncio.to_thread(here.restore, backup, replace=True)

    asyncio.run(attempt())


def test_one_backup_and_one_restore_at_a_time(here: Place) -> None:
    backup = backed_up(here)
    with backing_up._alone(here.config.storage.data), pytest.raises(NotNow, match="A backup is being made already"):
        backed_up(here)
    with swap.alone(here.config), pytest.raises(NotNow, match="is being restored here"):
        here.restore(backup, replace=True)


def test_a_full_disk_is_told_in_a_sentence_and_changes_nothing(
    here: Place, make_place: Callable[..., Place], small_disk: Path
) -> None:
    (here.folder / "models" / "bob" / "v1" / "large").write_bytes(os.urandom(3 << 20))
    with pytest.raises(Unavailable, match="There is no room for the backup"):
        back_up(here.config, here.config_file, small_disk / "b")
    assert list(small_disk.iterdir()) == []
    backup = backed_up(here)
    full = make_place("full", f'[storage]\ndata = "{small_disk}/data"\nmodels = "{small_disk}/models"\n')
    with pytest.raises(Unavailable, match="There is no room to restore"):
        full.restore(backup)
    assert [
        path
        for path in small_disk.rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.name != "bot.db.leader"
    ] == []


# on PostgreSQL


async def test_a_database_moves_between_sqlite_and_postgresql(
    url: str, here: Place, make_place: Callable[..., Place]
) -> None:
    there = make_place("there", f'[store]\nurl = "{url}"\n' if "sqlite" in url else "")
    config = Config.load(there.config_file, {"BOT_DATABASE_URL": url})
    backup = await asyncio.to_thread(backed_up, here)
    from bot.keeping.restoring import restore

    await restore(config, there.config_file, backup, str, replace=True)
    async with Store(url) as store:
        async with store.database.reading() as connection:
            assert (await connection.execute(sa.select(feedback.c.vote, feedback.c.person))).all() == [(1, "discord:8")]
        # New rows are numbered after those that came.
        await store.audit.add("discord:1", "act", "subject")
        await store.consent.opt_out("discord:5", "imitation")
    again = make_place("again")
    await asyncio.to_thread(back_up, config, there.config_file, here.folder / "second")
    await asyncio.to_thread(again.restore, here.folder / "second")
    assert rows(again, "SELECT vote FROM feedback") == [(1,)]
    assert rows(again, "SELECT person FROM opt_outs") == [("discord:5",)]
    # What is there is replaced, and who has withdrawn there stays so.
    await restore(config, there.config_file, backup, str, replace=True)
    async with Store(url) as store:
        assert await store.consent.opted_out("discord:5", "imitation")
        assert len(await store.forgetting.about("discord:1")) == 0


async def test_a_restore_that_was_cut_off_is_completed_before_the_bot_starts(
    here: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await asyncio.to_thread(backed_up, here)
    with monkeypatch.context() as patched:
        patched.setattr(swap, "_models", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            await asyncio.to_thread(elsewhere.restore, backup)
    assert swap.is_unfinished(elsewhere.config)
    await go_on(elsewhere.config, elsewhere.config_file)
    assert elsewhere.registry.names() == ["ann", "bob"]
    assert elsewhere.tweets.handles() == ["ann", "bob"]
    assert not swap.is_begun(elsewhere.config)

"""What people see of a failure that is not their fault: what to do, and an id. The log has the rest under that id."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.discord.speaking.following import SECONDS_BETWEEN_EDITS
from bot.store import Store
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import World, add_voice

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot waits for a locked database for less time than SimCord waits for the bot."""
    monkeypatch.setattr("bot.store.sql.database.BUSY_SECONDS", 0.1)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes into the database, and does not end."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def logged(caplog: pytest.LogCaptureFixture, told: str) -> str:
    """Returns what the log has under the id at the end of `told`."""
    found = re.search(r" \((\w{6})\)$", told)
    assert found, told
    [line] = [line for line in caplog.messages if found[1] in line]
    return line


async def test_a_locked_database_is_told_without_its_address(
    there: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(tmp_path / "bot.db"):
        await there.ann.slash(there.channel, "optout")
    told = there.private(there.ann)
    assert told.startswith("I cannot get at my memory just now; try again in a minute, or ask whoever runs me. (")
    line = logged(caplog, told)
    assert str(tmp_path) in line
    assert "locked" in line
    assert there.errors() == ["StoreUnavailable"]


async def test_a_damaged_version_hides_no_other_and_is_told_without_its_path(
    there: World, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    add_voice(registry, "ann")
    manifest = registry.current("nasa").folder / "manifest.json"
    manifest.write_text('{"base": ')
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.embeds[0].description == "**ann** v1 · learned on 2026-02-03"
    await there.ann.slash(there.channel, "voice", name="nasa")
    told = there.private(there.ann)
    assert told.startswith("v1 of nasa is damaged; put another version in use, or ask whoever runs me. (")
    assert str(manifest) in logged(caplog, told)
    assert there.errors() == ["Unavailable"]


async def test_jobs_tell_a_failure_as_it_was_told(there: World, store: Store) -> None:
    result = await there.admin().slash(there.channel, "train", name="ann", file=("t.jsonl", b'{"text": "a"}\n'))
    job = await store.jobs.take()
    assert job
    error = "My disk is full; whoever runs me has to make room. (abc123)"
    await store.jobs.finish(job.id, "failed", error=error, log="/srv/models: No space left on device")
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert result.response
    assert result.response.content.startswith(f"The training of ann gave nothing: {error}")
    boss = there.member("boss", manage_guild=True)
    await there.env.advance_time(60)
    await boss.slash(there.channel, "jobs", job=job.id)
    assert error in there.private(boss)
    assert "/srv" not in there.private(boss)

"""Writing the next migration."""

import shutil
from pathlib import Path

import pytest

from bot.migrations.__main__ import write
from bot.store.sql.upgrading import MIGRATIONS
from bot.store.tables import metadata


async def test_a_migration_is_written_from_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copied, ignore=shutil.ignore_patterns("v0*", "__pycache__"))
    monkeypatch.setattr("bot.store.sql.upgrading.MIGRATIONS", copied)
    made = await write("All tables")
    assert made.name == "v0001_all_tables.py"
    text = made.read_text()
    assert [table for table in metadata.tables if f"create_table('{table}'" not in text] == []
    assert "bot.store" not in text

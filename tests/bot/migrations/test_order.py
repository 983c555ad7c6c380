"""Migrations are one chain, numbered without gaps. Two people who write one each at the same time break it."""

import ast
from pathlib import Path

import pytest

from bot.store.sql.upgrading import MIGRATIONS


def faults(folder: Path) -> list[str]:
    """A sentence for each file that does not continue the chain, with what to do."""
    told, before = [], None
    for number, file in enumerate(sorted(folder.glob("v*_*.py")), start=1):
        own, rest = f"{number:04}", file.name.partition("_")[2]
        facts = _facts(file)
        if (file.name, facts.get("revision"), facts.get("down_revision")) != (f"v{own}_{rest}", own, before):
            told.append(
                f"{file.name} does not continue the chain of migrations. As number {number} it is called "
                f"v{own}_{rest}, with revision = {own!r} and down_revision = {before!r}. If two have the same number, "
                "the one that is not on the main branch yet follows the other."
            )
        before = own
    return told


def _facts(file: Path) -> dict[str, object]:
    """The values that the file assigns at its top."""
    return {
        target.id: node.value.value
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_each_migration_follows_the_one_before() -> None:
    assert faults(MIGRATIONS / "versions") == []
    assert list((MIGRATIONS / "versions").glob("v*_*.py"))


@pytest.mark.parametrize(
    ("name", "revision", "before"),
    [
        ("v0002_of_another.py", "0002", "0001"),  # the number is taken twice
        ("v0003_later.py", "0003", "0001"),  # two follow the same one
        ("v0004_later.py", "0004", "0002"),  # a number is left out
        ("v0003_later.py", "0004", "0002"),  # the name says another number than the file
    ],
)
def test_a_migration_beside_the_chain_is_told_with_what_to_do(
    tmp_path: Path, name: str, revision: str, before: str
) -> None:
    for file, own, previous in [("v0001_a.py", "0001", None), ("v0002_b.py", "0002", "0001"), (name, revision, before)]:
        (tmp_path / file).write_text(f"revision = {own!r}\ndown_revision = {previous!r}\n")
    [told] = faults(tmp_path)
    rest = name.partition("_")[2]
    assert told.startswith(f"{name} does not continue the chain of migrations.")
    assert f"As number 3 it is called v0003_{rest}, with revision = '0003' and down_revision = '0002'." in told

"""docs/threats.md names tests that exist."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
THREATS = TESTS.parent / "docs" / "threats.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def functions(path: Path) -> set[str]:
    """The tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_defence_is_held_by_a_test_that_exists() -> None:
    named = NAMED.findall(THREATS.read_text(encoding="utf-8"))
    assert len(named) > 50
    missing = [
        f"{file}::{name}" for file, name in named if not (TESTS / file).is_file() or name not in functions(TESTS / file)
    ]
    assert missing == []


def test_every_threat_has_a_defence_and_a_test() -> None:
    rows = [line for line in THREATS.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| wants ")]
    assert len(rows) > 25
    assert [row for row in rows if len(row.strip("|").split("|")) != 3 or not NAMED.search(row)] == []

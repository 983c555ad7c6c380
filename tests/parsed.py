"""The source text of both packages as syntax trees, for tests that hold a rule over all of it.

Each module is parsed once a process: all of them take 2 s. Knows files. Does not know the rules.
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def parsed_modules() -> dict[str, ast.Module]:
    """Every module of both packages by its path from the root, such as `bot/check.py`."""
    paths = (*ROOT.glob("bot/**/*.py"), *ROOT.glob("huggingtweets/**/*.py"))
    assert len(paths) > 200, "there is nothing to hold a rule over"
    return {path.relative_to(ROOT).as_posix(): parsed(path) for path in paths}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))

"""The libraries of Bluesky and Mastodon take seconds to import, so they are imported only where an account has keys."""

import ast
from pathlib import Path

import pytest

POSTS = Path(__file__).parents[3] / "bot" / "posts"
SLOW = {"atproto_client", "mastodon", "httpx", "sklearn"}


def imported_at_once(module: str, seen: set[str]) -> set[str]:
    """Returns what importing a module of `bot.posts` imports, by way of the other modules there, too."""
    path = POSTS.joinpath(*module.split(".")[2:]).with_suffix(".py")
    if module in seen or not module.startswith("bot.posts.") or not path.exists():
        return {module.split(".")[0]}
    seen.add(module)
    names: set[str] = set()
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            names |= imported_at_once(statement.module, seen)
        elif isinstance(statement, ast.Import):
            names |= {alias.name.split(".")[0] for alias in statement.names}
    return names


@pytest.mark.parametrize("network", ["bluesky", "mastodon", "x"])
def test_opening_a_network_imports_nothing_slow(network: str) -> None:
    assert not imported_at_once(f"bot.posts.{network}.opening", set()) & SLOW


def test_the_account_itself_does() -> None:
    assert "atproto_client" in imported_at_once("bot.posts.bluesky.account", set())
    assert "mastodon" in imported_at_once("bot.posts.mastodon.account", set())

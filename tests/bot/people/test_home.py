"""Which servers are home, and who can change that."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.people.home import Home, first_home
from bot.store import Store
from tests.bot.databases import sqlite_in


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path)) as store:
        yield store


@pytest.mark.parametrize(
    ("servers", "owned", "home"),
    [
        ([], [], None),
        (["s1"], [], ["s1"]),
        (["s1", "s2"], [], []),
        (["s1", "s2"], ["s2"], ["s2"]),
        (["s1", "s2"], ["s1", "s2"], []),
    ],
)
def test_home_is_the_only_server_or_the_only_one_that_the_owner_owns(
    servers: list[str], owned: list[str], home: list[str] | None
) -> None:
    assert first_home(servers, owned) == home


async def test_home_is_decided_once_whatever_servers_come_and_go(store: Store) -> None:
    home = Home(store.settings)
    assert not await home.decide([], [])
    assert await home.decide(["s1"], [])
    for servers in (["s1", "stranger"], ["stranger"], []):
        assert not await home.decide(servers, servers)
        assert home.servers == {"s1"}
    later = Home(store.settings)
    assert not await later.decide(["stranger"], ["stranger"])
    assert later.servers == {"s1"}


async def test_what_only_the_owner_can_say_is_not_said_by_a_server_that_leaves(store: Store) -> None:
    home = Home(store.settings)
    assert await home.decide(["s1", "s2"], [])
    assert home.servers == frozenset()
    later = Home(store.settings)
    assert not await later.decide(["s2"], [])
    assert later.servers == frozenset()
    await later.change(["s1"], "owner")
    await home.load()
    assert home.servers == {"s1"}


async def test_the_settings_win_and_are_not_stored(store: Store) -> None:
    configured = Home(store.settings, ["s9"])
    assert not await configured.decide(["s1"], [])
    assert (configured.servers, configured.is_configured) == ({"s9"}, True)
    assert await Home(store.settings).decide(["s1"], [])
    await configured.load()
    assert configured.servers == {"s9"}

"""Tokens of other programs: shown once, known by their hash, and with limits of their own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.config import ApiSettings
from bot.core.errors import TooOften, UsedUp
from bot.people import tokens
from bot.people.tokens import TokenLimits, Tokens
from bot.store import Store
from huggingtweets.core.errors import Usage
from tests.bot.databases import sqlite_in


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path)) as store:
        yield store


async def test_a_token_is_known_again_and_is_nowhere_in_the_database(store: Store, tmp_path: Path) -> None:
    tokens = Tokens(store)
    text = await tokens.new("bridge")
    token = await tokens.known(text)
    assert token
    assert token.name == "bridge"
    await store.database.write_back()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"bridge" in files
    assert text[4:].encode() not in files


async def test_tokens_differ_and_only_a_whole_one_is_known(store: Store) -> None:
    tokens = Tokens(store)
    texts = [await tokens.new(f"bridge {number}") for number in range(3)]
    assert len({*texts}) == 3
    for text in ("", texts[0][:-1], f"{texts[0]}=", texts[0].upper(), texts[0][4:], "htw-", f" {texts[0]}", "é" * 47):
        assert await tokens.known(text) is None


async def test_a_revoked_token_is_known_no_more_and_its_name_is_free(store: Store) -> None:
    tokens = Tokens(store)
    text = await tokens.new("bridge")
    with pytest.raises(Usage, match="called bridge already"):
        await tokens.new(" bridge ")
    await tokens.revoke("bridge")
    assert await tokens.known(text) is None
    with pytest.raises(Usage, match="revoked before"):
        await tokens.revoke("bridge")
    assert await tokens.new("bridge") != text
    assert [entry.action for entry in await store.audit.recent()] == ["token new", "token revoke", "token new"]


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "\u200b"])
async def test_a_token_has_a_name_that_can_be_read(store: Store, name: str) -> None:
    with pytest.raises(Usage, match="1 to 60 characters"):
        await Tokens(store).new(name)


@pytest.mark.parametrize(
    ("limit", "value"), [("at_a_time", 0), ("tweets_a_day", -1), ("requests_per_minute", 10_001), ("at_a_time", 10**9)]
)
async def test_a_limit_that_is_none_is_refused(store: Store, limit: str, value: int) -> None:
    with pytest.raises(Usage, match="can be 1 to"):
        await Tokens(store).new("bridge", **{limit: value})
    assert await store.api_tokens.all() == []


async def test_the_limits_of_a_token_come_before_those_of_the_settings(store: Store) -> None:
    tokens = Tokens(store)
    own = await tokens.known(await tokens.new("own", requests_per_minute=2, at_a_time=2, tweets_a_day=2))
    usual = await tokens.known(await tokens.new("usual"))
    assert own
    assert usual
    limits = TokenLimits(store, ApiSettings(requests_per_minute=1, at_a_time=1, tweets_a_day=1))
    for token, count in ((own, 2), (usual, 1)):
        for _ in range(count):
            async with limits.asking(token):
                pass
            await limits.take(token, 1)
        with pytest.raises(TooOften, match="in this minute"):
            async with limits.asking(token):
                pass
        with pytest.raises(UsedUp):
            await limits.take(token, 1)


async def test_a_request_that_ends_makes_room_for_the_next(store: Store) -> None:
    tokens = Tokens(store)
    token = await tokens.known(await tokens.new("bridge", at_a_time=1))
    assert token
    limits = TokenLimits(store, ApiSettings())

    async def failing() -> None:
        async with limits.asking(token):
            with pytest.raises(TooOften, match="just now"):
                async with limits.asking(token):
                    pass
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    async with limits.asking(token):
        pass


async def test_the_day_begins_at_midnight_utc(store: Store) -> None:
    token = await store.api_tokens.add("bridge", "d", {})
    assert token
    clock = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    limits = TokenLimits(store, ApiSettings(tweets_a_day=1), lambda: clock)
    with pytest.raises(UsedUp, match="used up; try again in 60 min") as used_up:
        await limits.take(token, 2)
    assert used_up.value.retry_after_seconds == 3_600


async def counted(store: Store) -> int:
    [(_, today)] = await store.api_tokens.all()
    return today


async def test_a_few_are_counted_ahead_and_uncounted_when_nobody_asks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So most requests write nothing. In the end as many are counted as were drawn."""
    monkeypatch.setattr(tokens, "AHEAD_SECONDS", 0.05)
    token = await store.api_tokens.add("bridge", "d", {})
    assert token
    limits = TokenLimits(store, ApiSettings(tweets_a_day=1_000))
    for _ in range(3):
        await limits.take(token, 5)
        assert await counted(store) == 15
    await limits.take(token, 1)
    assert await counted(store) == 26
    await limits.give_back(token, 2)
    while await counted(store) != 14:
        await asyncio.sleep(0.01)
    await limits.take(token, 1)
    await limits.aclose()
    assert await counted(store) == 15
    await limits.aclose()
    assert await counted(store) == 15


@pytest.mark.parametrize("most", [7, 250, 1_000])
async def test_two_processes_together_get_what_the_day_has_and_no_more(store: Store, most: int) -> None:
    token = await store.api_tokens.add("bridge", "d", {})
    assert token
    processes = [TokenLimits(store, ApiSettings(tweets_a_day=most)) for _ in range(2)]
    got = 0

    async def ask(limits: TokenLimits, tweets: int) -> None:
        nonlocal got
        try:
            while True:
                await limits.take(token, tweets)
                got += tweets
        except UsedUp:
            pass

    await asyncio.gather(*(ask(limits, tweets) for limits in processes for tweets in (1, 3, 2)))
    assert most - most // 100 <= got <= most
    for limits in processes:
        await limits.aclose()
    assert await counted(store) == got
    await ask(processes[0], 1)
    assert got == most


async def test_what_was_counted_ahead_is_of_its_day(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    async with Store(sqlite_in(tmp_path), lambda: now) as store:
        token = await store.api_tokens.add("bridge", "d", {})
        assert token
        limits = TokenLimits(store, ApiSettings(tweets_a_day=200), lambda: now)
        await limits.take(token, 1)
        assert await counted(store) == 3
        now += timedelta(hours=2)
        await limits.take(token, 200)
        with pytest.raises(UsedUp):
            await limits.take(token, 1)

"""Tokens of other programs in the database: found by their hash, revoked, and their tweets counted by the day."""

import asyncio

from bot.store import Store


async def test_a_token_is_found_by_its_hash_until_it_is_revoked(store: Store, time) -> None:
    token = await store.api_tokens.add("bridge", "d1", {"at_a_time": 3})
    assert token
    assert (token.name, token.at_a_time, token.tweets_a_day, token.created_at) == ("bridge", 3, None, time.now)
    assert await store.api_tokens.of("d1") == token
    assert await store.api_tokens.of("d2") is None
    assert await store.api_tokens.revoke("bridge")
    assert not await store.api_tokens.revoke("bridge")
    assert await store.api_tokens.of("d1") is None
    [(revoked, _)] = await store.api_tokens.all()
    assert revoked.revoked_at == time.now


async def test_a_name_is_of_one_token_that_is_not_revoked(store: Store) -> None:
    added = await asyncio.gather(*(store.api_tokens.add("bridge", f"d{number}", {}) for number in range(4)))
    assert [token is not None for token in added].count(True) == 1
    await store.api_tokens.revoke("bridge")
    assert await store.api_tokens.add("bridge", "d9", {})
    assert [token.name for token, _ in await store.api_tokens.all()] == ["bridge", "bridge"]


async def test_tweets_are_counted_by_the_day_and_never_beyond_the_limit(store: Store, time) -> None:
    token = await store.api_tokens.add("bridge", "d1", {})
    assert token
    taken = await asyncio.gather(*(store.api_tokens.take(token.id, 2, 7) for _ in range(5)))
    assert taken.count(True) == 3
    await store.api_tokens.give_back(token.id, 2)
    [(used, today)] = await store.api_tokens.all()
    assert (used.used_at, today) == (time.now, 4)
    time.pass_by(days=1)
    assert [today for _, today in await store.api_tokens.all()] == [0]
    await store.api_tokens.give_back(token.id, 2)
    assert await store.api_tokens.take(token.id, 7, 7)
    assert not await store.api_tokens.take(token.id, 1, 7)

"""Limits: how often one person, one server and everybody may ask; strikes and pauses."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import config, permission
from bot.errors import Paused, TooOften
from bot.permission import Limits, RateLimit
from bot.store import Store


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_person_is_told_when_to_come_back() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    limit.count("ann")
    clock.now = 20.0
    limit.count("ann")
    with pytest.raises(TooOften) as refused:
        limit.count("ann")
    assert refused.value.retry_after_seconds == 40.0
    assert "40 s" in str(refused.value)


def test_people_do_not_share_a_limit() -> None:
    limit = RateLimit(1, Clock())
    limit.count("ann")
    limit.count("bob")
    with pytest.raises(TooOften):
        limit.count("bob")


def test_a_refused_request_is_not_counted() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    limit.count("ann")
    for clock.now in (10.0, 59.0):
        with pytest.raises(TooOften):
            limit.count("ann")
    clock.now = 60.0
    limit.count("ann")


def test_the_longest_silent_person_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission, "MAX_PEOPLE", 2)
    limit = RateLimit(1, Clock())
    for person in ("ann", "bob", "cem"):
        limit.count(person)
    limit.count("ann")
    with pytest.raises(TooOften):
        limit.count("cem")


class Now:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
async def store(tmp_path: Path, now: Now) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/bot.db", now) as store:
        yield store


async def test_what_one_limit_refuses_counts_for_none(store: Store, now: Now) -> None:
    limits = Limits(config.Limits(server_requests_per_minute=1, requests_per_minute=2), store.pauses, now)
    await limits.count("ann", "one")
    for _ in range(5):
        with pytest.raises(TooOften, match="This server asks a lot just now; try again in"):
            await limits.count("ann", "one")
    await limits.count("ann", "two")


async def test_all_together_have_a_limit(store: Store, now: Now) -> None:
    limits = Limits(config.Limits(total_requests_per_minute=2), store.pauses, now)
    await limits.count("ann")
    await limits.count("bob")
    with pytest.raises(TooOften, match="Everybody asks at once just now"):
        await limits.count("cem")


async def test_strikes_grow_old_and_pauses_end(store: Store, now: Now) -> None:
    settings = config.Limits(requests_per_minute=1, strikes=2, strike_minutes=10.0, pause_minutes=30.0)
    limits = Limits(settings, store.pauses, now)
    await limits.count("ann")
    with pytest.raises(TooOften):
        await limits.count("ann")
    now.time += timedelta(minutes=11)
    with pytest.raises(TooOften) as refused:
        await limits.count("ann")
    assert not isinstance(refused.value, Paused)
    with pytest.raises(Paused, match="try again in 30 min"):
        await limits.count("ann")
    now.time += timedelta(minutes=29)
    with pytest.raises(Paused, match="try again in 60 s"):
        await Limits(settings, store.pauses, now).count("ann")
    now.time += timedelta(minutes=2)
    await Limits(settings, store.pauses, now).count("ann")

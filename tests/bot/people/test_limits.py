"""How often one person, one server and everybody may ask, and what leads to a pause."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core import config
from bot.core.errors import Paused, TooOften
from bot.people import limits as permission
from bot.people.limits import CHEAP, PICTURE, PUBLIC, TWEETS, Limits, RateLimit
from bot.store import Store
from huggingtweets.core.text.phrases import Phrase
from tests.bot.databases import sqlite_in


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
    async with Store(sqlite_in(tmp_path), now) as store:
        yield store


async def test_what_one_limit_refuses_counts_for_none(store: Store, now: Now) -> None:
    limits = Limits(config.LimitsSettings(server_requests_per_minute=1, requests_per_minute=2), store.pauses, now)
    await limits.count("ann", "one")
    for _ in range(5):
        with pytest.raises(TooOften, match="A lot is asked here just now; try again in"):
            await limits.count("ann", "one")
    await limits.count("ann", "two")


async def test_all_together_have_a_limit(store: Store, now: Now) -> None:
    limits = Limits(config.LimitsSettings(total_requests_per_minute=2), store.pauses, now)
    await limits.count("ann")
    await limits.count("bob")
    with pytest.raises(TooOften, match="Everybody asks at once just now"):
        await limits.count("cem")


async def test_strikes_grow_old_and_pauses_end(store: Store, now: Now) -> None:
    settings = config.LimitsSettings(requests_per_minute=1, strikes=2, strike_minutes=10.0, pause_minutes=30.0)
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


def test_an_ask_counts_by_what_it_costs() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    for clock.now in (0.0, 10.0, 20.0, 30.0):
        limit.count("ann", CHEAP)
    assert limit.wait_seconds("ann", TWEETS) == 0.0
    assert limit.wait_seconds("ann", PICTURE) == 60.0, "after all four have become old"
    limit.count("ann", TWEETS)
    assert limit.wait_seconds("ann", 0.0) == 30.0, "even what is free here waits when nothing is left"
    with pytest.raises(TooOften):
        limit.count("ann", CHEAP)


def test_what_costs_more_than_a_minute_allows_can_be_asked_for_once_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    limit.count("ann", PICTURE)
    assert limit.wait_seconds("ann", PICTURE) == 60.0
    clock.now = 60.0
    limit.count("ann", PICTURE)


async def test_a_refusal_costs_the_person_and_not_the_server(store: Store, now: Now) -> None:
    settings = config.LimitsSettings(requests_per_minute=3, server_requests_per_minute=2, total_requests_per_minute=2)
    limits = Limits(settings, store.pauses, now)
    for _ in range(3):
        await limits.count("ann", "one")
        limits.give_back_shared("one")
    with pytest.raises(TooOften, match="That was a lot at once"):
        await limits.count("ann", "one")
    for _ in range(2):
        await limits.count("bob", "one")
    with pytest.raises(TooOften, match="A lot is asked here"):
        await limits.count("cem", "one")


async def test_no_flood_and_no_pause_keeps_people_from_what_is_their_own(store: Store, now: Now) -> None:
    limits = Limits(config.LimitsSettings(requests_per_minute=1, server_requests_per_minute=1), store.pauses, now)
    await limits.count("ann", "one")
    await store.pauses.pause("ann", Phrase("spam"), "admin")
    limits.count_own("ann", PUBLIC)
    with pytest.raises(TooOften) as refused:
        limits.count_own("ann", PUBLIC)
    assert not isinstance(refused.value, Paused)

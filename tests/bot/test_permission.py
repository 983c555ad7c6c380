"""Limits: how often one person may ask."""

import pytest

from bot import permission
from bot.errors import TooOften
from bot.permission import RateLimit


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

"""Quiet hours count by the local time of their time zone."""

from datetime import UTC, datetime

import pytest

from bot.core.quiet import quiet_until


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "hours", "zone", "until"),
    [
        ("2026-03-01T22:59", "23:00-07:00", "UTC", None),
        ("2026-03-01T23:00", "23:00-07:00", "UTC", "2026-03-02T07:00"),
        ("2026-03-02T06:59", "23:00-07:00", "UTC", "2026-03-02T07:00"),
        ("2026-03-02T07:00", "23:00-07:00", "UTC", None),
        ("2026-03-01T12:30", "12:00-13:00", "UTC", "2026-03-01T13:00"),
        ("2026-03-01T13:00", "12:00-13:00", "UTC", None),
        ("2026-03-01T14:30", "23:00-07:00", "Asia/Tokyo", "2026-03-01T22:00"),
        ("2026-03-01T12:00", "", "UTC", None),
        ("2026-03-01T12:00", "12:00-12:00", "UTC", None),
        # The clocks go forward in this night: it ends an hour sooner.
        ("2026-03-28T23:00", "23:00-07:00", "Europe/Paris", "2026-03-29T05:00"),
    ],
)
def test_the_end_is_told_inside_and_nothing_outside(now: str, hours: str, zone: str, until: str | None) -> None:
    assert quiet_until(at(now), hours, zone) == (at(until) if until else None)

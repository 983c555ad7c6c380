"""Quiet hours count by the local time of their time zone."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.clock.quiet import quiet_until


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


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        # The clock shows 2:00 to 3:00 twice: the hours end the second time, and begin the first time.
        ("2026-10-25T00:29", "23:00-02:30", "2026-10-25T01:30"),
        ("2026-10-25T00:45", "23:00-02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:29", "23:00-02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:30", "23:00-02:30", None),
        ("2026-10-25T00:29", "02:30-07:00", None),
        ("2026-10-25T00:30", "02:30-07:00", "2026-10-25T06:00"),
        ("2026-10-25T01:15", "02:30-07:00", "2026-10-25T06:00"),
        # It jumps over 2:00 to 3:00: the hours are not shorter than by that.
        ("2026-03-29T00:59", "23:00-02:30", "2026-03-29T01:30"),
        ("2026-03-29T01:29", "23:00-02:30", "2026-03-29T01:30"),
        ("2026-03-29T01:30", "23:00-02:30", None),
        ("2026-03-29T01:00", "02:30-07:00", "2026-03-29T05:00"),
    ],
)
def test_in_the_nights_in_which_clocks_change_nothing_is_sent_too_soon(now: str, hours: str, until: str | None) -> None:
    assert quiet_until(at(now), hours, "Europe/Paris") == (at(until) if until else None)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_the_end_always_lies_ahead_and_is_outside(zone: str) -> None:
    moment = at("2026-03-25T00:00")
    while moment < at("2026-11-05T00:00"):
        for hours in ("23:00-02:30", "02:30-07:00", "01:15-01:45"):
            until = quiet_until(moment, hours, zone)
            assert until is None or (until > moment and quiet_until(until, hours, zone) is None)
        moment += timedelta(hours=3, minutes=17)


@pytest.mark.parametrize("hours", ["22:00+02:00-07:00", "22:00-07:00Z", "night", "22:00", "22:00-07:00-08:00"])
def test_hours_that_are_written_otherwise_are_refused(hours: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        quiet_until(at("2026-03-01T12:00"), hours, "UTC")

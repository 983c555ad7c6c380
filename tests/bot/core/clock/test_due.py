"""When a schedule is due: cron, interval, time zone, quiet hours, jitter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.clock.due import checked, delay, last_due, next_due
from bot.core.clock.schedule_entry import Schedule
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

NIGHTLY = Schedule("nightly", "retrain", VoiceName("ann"), cron="0 3 * * *", time_zone="Europe/Berlin")
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = Schedule("hourly", "post", every_seconds=3600, changed_at=BEGIN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_cron_line_counts_in_its_time_zone_also_when_the_clocks_change() -> None:
    assert next_due(NIGHTLY, at("2026-03-01 12:00")) == at("2026-03-02 02:00")
    assert next_due(NIGHTLY, at("2026-03-29 12:00")) == at("2026-03-30 01:00")
    assert next_due(NIGHTLY, at("2026-03-02 02:00")) == at("2026-03-03 02:00"), "after, not at"


def dues(cron: str, after: str, count: int, **more: str) -> list[str]:
    schedule, due, found = Schedule("s", "post", cron=cron, time_zone="Europe/Berlin", **more), at(after), []
    for _ in range(count):
        due = next_due(schedule, due)
        assert due
        found.append(f"{due:%d %H:%M}")
    return found


def test_in_the_night_with_an_hour_twice_a_fixed_time_is_due_once_and_each_hour_twice() -> None:
    assert dues("30 2 * * *", "2026-10-23 12:00", 3) == ["24 00:30", "25 00:30", "26 01:30"]
    assert dues("30 2 * * *", "2026-10-25 01:00", 1) == ["26 01:30"]
    assert dues("0 5 * * *", "2026-10-25 01:10", 1) == ["25 04:00"]
    assert dues("0,30 2-3 * * *", "2026-10-24 12:00", 5) == ["25 00:00", "25 00:30", "25 02:00", "25 02:30", "26 01:00"]
    assert dues("0 * * * *", "2026-10-24 22:30", 4) == ["24 23:00", "25 00:00", "25 01:00", "25 02:00"]
    assert dues("*/30 * * * *", "2026-10-24 23:45", 4) == ["25 00:00", "25 00:30", "25 01:00", "25 01:30"]
    assert dues("* * * * *", "2026-10-24 21:30", 1, quiet="23:00-07:00") == ["25 06:00"]
    daily = replace(NIGHTLY, cron="30 2 * * *")
    assert last_due(daily, at("2026-10-24 12:00"), at("2026-10-25 12:00")) == at("2026-10-25 00:30")


def test_in_the_night_without_an_hour_a_fixed_time_in_it_is_due_once() -> None:
    assert dues("30 2 * * *", "2026-03-27 12:00", 3) == ["28 01:30", "29 01:30", "30 00:30"]
    assert dues("0 * * * *", "2026-03-28 23:30", 3) == ["29 00:00", "29 01:00", "29 02:00"]


def test_an_interval_counts_from_when_it_was_set() -> None:
    assert next_due(HOURLY, BEGIN) == BEGIN + timedelta(hours=1)
    assert next_due(HOURLY, BEGIN + timedelta(minutes=150)) == BEGIN + timedelta(hours=3)


def test_of_many_that_were_missed_the_latest_is_found() -> None:
    assert last_due(NIGHTLY, at("2026-01-01 00:00"), at("2026-03-01 12:00")) == at("2026-03-01 02:00")
    assert last_due(NIGHTLY, at("2026-03-01 02:00"), at("2026-03-01 12:00")) is None
    assert last_due(HOURLY, BEGIN, BEGIN + timedelta(days=300, minutes=5)) == BEGIN + timedelta(days=300)
    yearly = Schedule("yearly", "post", cron="0 0 1 1 *")
    assert last_due(yearly, at("2024-06-01 00:00"), at("2026-03-01 00:00")) == at("2026-01-01 00:00")
    assert last_due(yearly, at("2026-02-01 00:00"), at("2026-03-01 00:00")) is None


def test_what_is_due_in_the_quiet_hours_is_left_out() -> None:
    quiet = Schedule("q", "post", cron="0 * * * *", time_zone="Europe/Berlin", quiet="22:00-07:00")
    assert next_due(quiet, at("2026-01-10 20:30")) == at("2026-01-11 06:00")
    assert last_due(quiet, at("2026-01-10 00:00"), at("2026-01-11 03:00")) == at("2026-01-10 20:00")
    never = Schedule("n", "post", cron="0 3 * * *", quiet="22:00-07:00")
    assert next_due(never, BEGIN) is None


def test_jitter_is_the_same_everywhere_within_bounds_and_not_always_the_same() -> None:
    jittered = Schedule("j", "post", cron="0 * * * *", jitter_seconds=600)
    delays = [delay(jittered, BEGIN + timedelta(hours=hour)) for hour in range(50)]
    assert delays == [delay(jittered, BEGIN + timedelta(hours=hour)) for hour in range(50)]
    assert all(timedelta(0) <= one <= timedelta(seconds=600) for one in delays)
    assert len(set(delays)) > 40
    assert delay(NIGHTLY, BEGIN) == timedelta(0)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cron": "* * *"}, "not a cron line"),
        ({"cron": "61 * * * *"}, "not a cron line"),
        ({"cron": ""}, "either a cron line or an interval"),
        ({"cron": "", "every_seconds": 10}, "once a minute at most"),
        ({"cron": "* * * * *", "every_seconds": 100}, "either a cron line or an interval"),
        ({"cron": "* * * * *", "time_zone": "Mars"}, 'no time zone "Mars"'),
        ({"cron": "* * * * *", "time_zone": "../etc/passwd"}, "no time zone"),
        ({"cron": "* * * * *", "quiet": "night"}, "no quiet hours"),
        ({"cron": "0 3 * * *", "quiet": "22:00-07:00"}, "never be due, because all its times lie in its quiet hours;"),
        ({"cron": "* 3 * * *", "quiet": "22:00-07:00"}, "never be due"),
        ({"cron": "0 0 30 2 *"}, "never be due, because there is no such day;"),
        ({"cron": "0 0 30 2 *", "quiet": "22:00-07:00"}, "never be due, because there is no such day;"),
    ],
)
def test_what_makes_no_sense_is_told(wrong, says: str) -> None:
    with pytest.raises(Usage, match=says):
        checked(Schedule("s", "post", **wrong))


def test_what_makes_sense_passes() -> None:
    assert checked(NIGHTLY) is NIGHTLY
    assert checked(HOURLY) is HOURLY
    for cron, quiet in (("0 0 29 2 *", ""), ("* * * * *", "00:00-23:59"), ("0 3,12 * * *", "22:00-07:00")):
        checked(Schedule("s", "post", cron=cron, quiet=quiet))


def test_what_is_never_due_may_be_switched_off_and_an_interval_is_not_judged_by_the_time_of_day() -> None:
    checked(Schedule("s", "post", cron="0 0 30 2 *", enabled=False))
    checked(Schedule("s", "post", every_seconds=86_400, quiet="00:00-23:59"))

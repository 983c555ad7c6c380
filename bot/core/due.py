"""When a schedule is due: cron or interval, time zone, quiet hours, jitter. Every process computes the same moments.

Jitter is not drawn but computed from the schedule's name and the due time, so that two processes agree on it.

Knows clocks, by way of APScheduler's triggers. Does not know what is due, or who runs it.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.quiet import quiet_until
from bot.core.schedule_entry import Schedule
from huggingtweets.core.errors import Usage

SHORTEST_SECONDS = 60
# Where to begin to look for the last due time before a moment: near it first, because looking costs a step a due time.
_WINDOWS = (timedelta(hours=2), timedelta(days=2), timedelta(days=62), timedelta(days=800))
_MAX_STEPS = 5_000


def checked(schedule: Schedule) -> Schedule:
    """`schedule` if it makes sense; raises `Usage` with what does not."""
    try:
        ZoneInfo(schedule.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Usage(f"There is no time zone {schedule.time_zone[:40]!r}; write one as in Europe/Paris.") from None
    if bool(schedule.cron) == bool(schedule.every_seconds):
        raise Usage(f"The schedule {schedule.name} needs either a cron line or an interval.")
    if schedule.every_seconds is not None and schedule.every_seconds < SHORTEST_SECONDS:
        raise Usage(f"The schedule {schedule.name} may be due once a minute at most.")
    try:
        _trigger(schedule)
    except ValueError:
        raise Usage(
            f"{schedule.cron[:40]!r} is not a cron line of five fields; write minute, hour, day, month and weekday, "
            "as in 0 9 * * mon for Mondays at 9."
        ) from None
    try:
        quiet_until(datetime.now(UTC), schedule.quiet, "UTC")
    except ValueError:
        raise Usage(f"{schedule.quiet[:40]!r} are no quiet hours; write them as in 22:00-07:00.") from None
    # Not an interval: it counts from when it was set, and one that is off may stay as it is.
    if schedule.cron and schedule.enabled and not next_due(schedule, datetime.now(UTC)):
        in_quiet_hours = schedule.quiet and next_due(replace(schedule, quiet=""), datetime.now(UTC))
        why = "all its times lie in its quiet hours" if in_quiet_hours else "there is no such day"
        raise Usage(f"The schedule {schedule.name} would never be due, because {why}; set another time.")
    return schedule


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due time after `after`, outside of the quiet hours, in UTC; None when there is none any more."""
    trigger, zone, once = _trigger(schedule), ZoneInfo(schedule.time_zone), _has_fixed_hours(schedule)
    due = after.astimezone(UTC)
    for _ in range(_MAX_STEPS):
        # In UTC: a sum in local time forgets which of the two hours it was in that an autumn night has.
        found: datetime | None = trigger.get_next_fire_time(None, due + timedelta(microseconds=1))
        if found is None:
            return None
        due = found.astimezone(UTC)
        # The trigger's own `fold` may be left over from where it began to look.
        repeated = once and due.astimezone(zone).fold
        if not repeated and not quiet_until(due, schedule.quiet, schedule.time_zone):
            return due
    return None


def last_due(schedule: Schedule, after: datetime, until: datetime) -> datetime | None:
    """The latest due time after `after` and not after `until`, in UTC: of all that were missed the one to catch up."""
    for window in _WINDOWS:
        begin = max(after, until - window)
        found, due = None, next_due(schedule, begin)
        while due and due <= until:
            found, due = due, next_due(schedule, due)
        if found or begin == after:
            return found
    return None


def delay(schedule: Schedule, due: datetime) -> timedelta:
    """How long after `due` the run begins: up to the schedule's jitter, the same in every process."""
    drawn = hashlib.sha256(f"{schedule.name} {due.astimezone(UTC).isoformat()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(drawn[:4]) % (schedule.jitter_seconds + 1))


def _has_fixed_hours(schedule: Schedule) -> bool:
    """Whether what is due in an hour that the clock shows twice is due once, and not as often as there are hours."""
    return bool(schedule.cron) and not schedule.cron.split()[1].startswith("*")


def _trigger(schedule: Schedule) -> CronTrigger | IntervalTrigger:
    if schedule.cron:
        return CronTrigger.from_crontab(schedule.cron, timezone=ZoneInfo(schedule.time_zone))
    assert schedule.every_seconds
    return IntervalTrigger(
        seconds=schedule.every_seconds, start_date=schedule.changed_at or datetime.now(UTC), timezone=UTC
    )

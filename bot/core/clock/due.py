"""When a schedule is due, by its cron line or interval, time zone, quiet hours and jitter.

Every process computes the same moments. Jitter is not random: it is computed from the schedule's name and the due time,
so two processes agree on it.

Knows clocks, through APScheduler's triggers. Does not know what is due, or who runs it.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.clock.quiet import quiet_until
from bot.core.clock.schedule_entry import Schedule
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

SHORTEST_SECONDS = 60
# How far back to look for the last due time before a moment. Near it first, because each due time on the way is a step.
_WINDOWS = (timedelta(hours=2), timedelta(days=2), timedelta(days=62), timedelta(days=800))
_MAX_STEPS = 5_000


def checked(schedule: Schedule) -> Schedule:
    """Returns `schedule` if it makes sense, else raises `Usage`, which says what does not."""
    try:
        ZoneInfo(schedule.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Usage(
            Phrase(
                "There is no time zone {zone}; write one as in Europe/Paris.",
                zone=quoted(schedule.time_zone, 40),
            )
        ) from None
    if bool(schedule.cron) == bool(schedule.every_seconds):
        raise Usage(Phrase("The schedule {name} needs either a cron line or an interval.", name=schedule.name))
    if schedule.every_seconds is not None and schedule.every_seconds < SHORTEST_SECONDS:
        raise Usage(Phrase("The schedule {name} may be due once a minute at most.", name=schedule.name))
    try:
        _trigger(schedule)
    except ValueError:
        raise Usage(
            Phrase(
                "{cron} is not a cron line of five fields; write minute, hour, day, month and weekday, as "
                "in 0 9 * * mon for Mondays at 9.",
                cron=quoted(schedule.cron, 40),
            )
        ) from None
    try:
        quiet_until(datetime.now(UTC), schedule.quiet, "UTC")
    except ValueError:
        raise Usage(
            Phrase("{quiet} are no quiet hours; write them as in 22:00-07:00.", quiet=quoted(schedule.quiet, 40))
        ) from None
    # Only cron lines can be never due. A schedule that is off may stay as it is.
    if schedule.cron and schedule.enabled and not next_due(schedule, datetime.now(UTC)):
        in_quiet_hours = schedule.quiet and next_due(replace(schedule, quiet=""), datetime.now(UTC))
        why = Phrase("all its times lie in its quiet hours") if in_quiet_hours else Phrase("there is no such day")
        raise Usage(
            Phrase(
                "The schedule {name} would never be due, because {why}; set another time.", name=schedule.name, why=why
            )
        )
    return schedule


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due time after `after` outside of the quiet hours, in UTC. None if there is none any more."""
    trigger, zone, once = _trigger(schedule), ZoneInfo(schedule.time_zone), _has_fixed_hours(schedule)
    due = after.astimezone(UTC)
    for _ in range(_MAX_STEPS):
        # In UTC, because local time has one hour twice in an autumn night, and a sum forgets which of the two it was.
        fires_at: datetime | None = trigger.get_next_fire_time(None, due + timedelta(microseconds=1))
        if fires_at is None:
            return None
        due = fires_at.astimezone(UTC)
        # `fires_at.fold` may be that of the moment where the trigger began to look.
        repeated = once and due.astimezone(zone).fold
        if not repeated and not quiet_until(due, schedule.quiet, schedule.time_zone):
            return due
    return None


def last_due(schedule: Schedule, after: datetime, until: datetime) -> datetime | None:
    """The latest due time after `after` and not after `until`, in UTC. Only that one of the missed runs is done."""
    for window in _WINDOWS:
        begin = max(after, until - window)
        latest, due = None, next_due(schedule, begin)
        while due and due <= until:
            latest, due = due, next_due(schedule, due)
        if latest or begin == after:
            return latest
    return None


def delay(schedule: Schedule, due: datetime) -> timedelta:
    """The time from `due` to the beginning of the run: at most the jitter, and the same in every process."""
    drawn = hashlib.sha256(f"{schedule.name} {due.astimezone(UTC).isoformat()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(drawn[:4]) % (schedule.jitter_seconds + 1))


def _has_fixed_hours(schedule: Schedule) -> bool:
    """Returns True if the schedule is due only once when the clock shows its hour twice."""
    return bool(schedule.cron) and not schedule.cron.split()[1].startswith("*")


def _trigger(schedule: Schedule) -> CronTrigger | IntervalTrigger:
    if schedule.cron:
        return CronTrigger.from_crontab(schedule.cron, timezone=ZoneInfo(schedule.time_zone))
    assert schedule.every_seconds
    return IntervalTrigger(
        seconds=schedule.every_seconds, start_date=schedule.changed_at or datetime.now(UTC), timezone=UTC
    )

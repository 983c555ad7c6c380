"""How often a schedule is due, in words: "every 6 hours", "every Monday at 04:00 (Europe/Paris)".

Knows the usual cron lines; any other is shown as it is. Does not know when a schedule is due next.
"""

from functools import partial

from bot.core.clock.schedule_entry import Schedule
from huggingtweets.core.text.phrases import Phrase

DAYS = (
    partial(Phrase, "every Monday at {at}"),
    partial(Phrase, "every Tuesday at {at}"),
    partial(Phrase, "every Wednesday at {at}"),
    partial(Phrase, "every Thursday at {at}"),
    partial(Phrase, "every Friday at {at}"),
    partial(Phrase, "every Saturday at {at}"),
    partial(Phrase, "every Sunday at {at}"),
)
SHORT = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = (
    (86_400, partial(Phrase, "every day", plural="every {count} days")),
    (3_600, partial(Phrase, "every hour", plural="every {count} hours")),
    (60, partial(Phrase, "every minute", plural="every {count} minutes")),
    (1, partial(Phrase, "every second", plural="every {count} seconds")),
)


def how_often(schedule: Schedule) -> Phrase:
    """When it is due, with the time zone if it matters."""
    if not schedule.cron:
        return _interval(schedule.every_seconds or 0)
    usual = _usual(schedule.cron) or Phrase("by the line {cron}", cron=schedule.cron)
    return Phrase("{usual} ({zone})", usual=usual, zone=schedule.time_zone)


def _interval(seconds: int) -> Phrase:
    for size, every in UNITS:
        if seconds and seconds % size == 0:
            return every(count=seconds // size)
    return Phrase("never")


def _usual(cron: str) -> Phrase:
    """A daily, weekly or hourly line in words; empty for any other."""
    minute, hour, day, month, weekday = cron.lower().split()
    if not minute.isdecimal() or (day, month) != ("*", "*"):
        return Phrase()
    if hour == "*" and weekday == "*":
        return Phrase("every hour at minute {minute}", minute=int(minute))
    if not hour.isdecimal():
        return Phrase()
    at = f"{int(hour):02}:{int(minute):02}"
    if weekday == "*":
        return Phrase("every day at {at}", at=at)
    return DAYS[SHORT.index(weekday)](at=at) if weekday in SHORT else Phrase()

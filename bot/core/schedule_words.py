"""How often a schedule is due, in words: "every 6 hours", "every Monday at 04:00 (Europe/Paris)".

Knows the usual cron lines; any other is shown as it is. Does not know when a schedule is due next.
"""

from bot.core.schedule_entry import Schedule

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT = tuple(day[:3].lower() for day in DAYS)
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def how_often(schedule: Schedule) -> str:
    """When it is due, with the time zone if it matters."""
    if not schedule.cron:
        return _interval(schedule.every_seconds or 0)
    return f"{_usual(schedule.cron) or f'by the line {schedule.cron}'} ({schedule.time_zone})"


def _interval(seconds: int) -> str:
    for size, name in UNITS:
        if seconds and seconds % size == 0:
            return f"every {name}" if seconds == size else f"every {seconds // size} {name}s"
    return "never"


def _usual(cron: str) -> str:
    """A daily, weekly or hourly line in words; empty for any other."""
    minute, hour, day, month, weekday = cron.lower().split()
    if not minute.isdecimal() or (day, month) != ("*", "*"):
        return ""
    if hour == "*" and weekday == "*":
        return f"every hour at minute {int(minute)}"
    if not hour.isdecimal():
        return ""
    at = f"at {int(hour):02}:{int(minute):02}"
    if weekday == "*":
        return f"every day {at}"
    return f"every {DAYS[SHORT.index(weekday)]} {at}" if weekday in SHORT else ""

"""Quiet hours: the time when nothing should be sent, and when it ends.

Knows clocks and time zones. Does not know what would be sent.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, hours: str, time_zone: str) -> datetime | None:
    """The end of the quiet hours, in UTC, if `now` is inside them; else None. `hours` is `23:00-07:00` or empty.

    Raises `ValueError` for hours that are written otherwise. Both are local times, so the night in which clocks change
    is an hour longer or shorter. A time that the clock shows twice then begins the hours the first time, and ends them
    the second time.
    """
    if not hours:
        return None
    begins, ends = (time.fromisoformat(part) for part in hours.split("-"))
    if begins.tzinfo or ends.tzinfo:
        raise ValueError("quiet hours have no time zone of their own")
    if begins == ends:
        return None
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        end_day = day if begins < ends else day + timedelta(days=1)
        begin, end = min(_moments(day, begins, zone)), max(_moments(end_day, ends, zone))
        if begin <= now < end:
            return end
    return None


def _moments(day: date, at: time, zone: ZoneInfo) -> list[datetime]:
    """When the clock shows a time on a day, in UTC. If it jumps over that time: both ways to say when that would be."""
    return [datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]

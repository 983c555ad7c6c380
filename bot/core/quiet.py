"""Quiet hours: the time when nothing should be sent, and when it ends.

Knows clocks and time zones. Does not know what would be sent.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, hours: str, time_zone: str) -> datetime | None:
    """The end of the quiet hours, in UTC, if `now` is inside them; else None. `hours` is `23:00-07:00` or empty.

    The end is a local time, so the night in which clocks change is an hour longer or shorter.
    """
    if not hours:
        return None
    begins, ends = (time.fromisoformat(part) for part in hours.split("-"))
    local = now.astimezone(ZoneInfo(time_zone))
    if begins == ends:
        return None
    at = local.time()
    inside = begins <= at < ends if begins < ends else (at >= begins or at < ends)
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if at >= ends else 0)
    return datetime.combine(day, ends, ZoneInfo(time_zone)).astimezone(UTC)

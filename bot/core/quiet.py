"""Quiet hours: whether it is now the time when nothing should be sent, and until when.

Knows clocks and time zones. Does not know what would be sent.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, hours: str, time_zone: str) -> datetime | None:
    """When the quiet hours that `now` lies in end, in UTC; None outside of them. `hours` as in `23:00-07:00`, or empty.

    The end counts by the clock on the wall, so a night in which that is changed is an hour longer or shorter.
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

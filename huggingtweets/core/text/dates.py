"""When something was written: dates in every form that exports and spreadsheets use.

Knows how one date is written, and how a whole table shows whether the day or the month comes first. Does not know which
column holds a date. A date that cannot be understood is unknown; it is never completed with today's date.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Literal

from dateutil import parser

from huggingtweets.core.text.phrases import Phrase

Order = Literal["day", "month"]  # which of the two is written first

DOUBT = Phrase("The dates do not show whether the day or the month comes first, so they may be mixed up.")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# X writes Sat Nov 09 12:14:18 +0000 2024. It is read by hand, because strptime's %a and %b depend on the locale.
_X_MOMENT = re.compile(r"\w{3} (\w{3}) (\d\d?) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII)
# A spreadsheet writes 10/16/17 22:59, 16.10.2017 or 16-10-2017 10:59:30 PM. The country decides if the day comes first.
_SHEET_MOMENT = re.compile(
    r"(\d\d?)([/.-])(\d\d?)\2(\d\d|\d{4})(?:[,T]? ?(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AP])\.?M\.?)?)?"
    r"(?: ?(?:UTC|GMT|Z))?",
    re.ASCII | re.IGNORECASE,
)
_ISO_ZONE = re.compile(r" ?(?:UTC|GMT|Z)$| (?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
_EPOCH = re.compile(r"\d{9,16}(?:\.\d+)?", re.ASCII)
_EPOCH_UNITS = ((1e14, 1e6), (1e11, 1e3), (1e8, 1.0))  # from this value on, this many a second; 1e8 s is 1973
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:\d{4}|\d{6})", re.ASCII)  # 20220103080000
_YEARS = range(1970, 2201)  # an export may write year 1 for no date, and not every time zone can compute with that

# What separates the day from the time on a web page.
# A browser writes GMT+0100 (Central European Time), which is an hour east and which dateutil takes for an hour west.
_SEPARATORS = re.compile(r"[·•|,]|(?<=\s)-(?=\s)|\bat\b|\(.*\)|\b(?:GMT|UTC)(?=[+-]\d)|\s+", re.IGNORECASE)
# 2022/1/3, 2022.01.03, 2022年1月3日: after a year at the beginning comes the month.
_YEAR_FIRST = re.compile(r"\b(\d{4}) ?[年년/.-] ?(\d\d?) ?[月월/.-] ?(\d\d?)(?!\d) ?[日일.]?")
_LONGEST = 90  # characters; the longest date that a browser writes has 70
_MAY_BE_DATE = re.compile(r"(?=.*\d.*\d)(?=.*(?:\d{4}|[^\W\d_]{3}))", re.DOTALL)  # a day, and a year or a month's name
# Two days that differ in every part. A date that leaves out a part is read as two different dates.
_FILLED = (
    datetime(2016, 1, 2),
    datetime(2004, 3, 5),
)  # they fill in what is missing; leap years, because of 29 February
_HOUR = 3600
_ZONES = {
    name: hours * _HOUR
    for name, hours in {
        "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9, "EST": -5,
        "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    }.items()
}  # fmt: skip
_X_EPOCH_MS = 1_288_834_974_657  # ids of X hold the millisecond since then, times 2**22
_LEAST_DATED_ID = 1 << 46
_NEAR = timedelta(days=1)  # a table may be in another zone
_CLEAR_MAJORITY = 20


@dataclass(frozen=True, slots=True)
class Either:
    """A date like 03/04/2022, which may be either of two days. A reading is None if there is no such day."""

    day_first: datetime | None
    month_first: datetime | None
    written: str = ""

    def by(self, order: Order | None) -> datetime | None:
        """The moment if it was written in this order, or the only possible moment."""
        if self.day_first is None or self.month_first is None or self.day_first == self.month_first:
            return self.day_first or self.month_first
        if order is None:
            return None
        return self.day_first if order == "day" else self.month_first


def moment(written: object) -> datetime | None:
    """The moment that is written, as an aware datetime. Without a zone it is UTC; in doubt the month comes first."""
    date = read(written)
    return date.by("month") if isinstance(date, Either) else date


def read(written: object) -> datetime | Either | None:
    """The moment that is written, as an aware datetime, or both possible moments.

    Returns None if it cannot be understood or is not in `_YEARS`.
    """
    try:
        date = _read(written)
    except (ValueError, OverflowError, OSError):  # 31 June, hour 25, no number, a year beyond the system's last
        return None
    if isinstance(date, Either):
        return date if date.day_first or date.month_first else None
    return _within_years(date)


def order_of(dates: Sequence[tuple[Either, str | None]]) -> tuple[Order | None, bool]:
    """Which of day and month these dates write first, and if the table proves it. Each date comes with its tweet's id.

    A day above 12 proves it. If there is none, ids of X decide, because they hold a date; then the fact that tables are
    sorted. The order is None if dates contradict each other.
    """
    days = sum(each.month_first is None for each, _ in dates)
    months = sum(each.day_first is None for each, _ in dates)
    if days or months:
        few, many, order = (months, days, "day") if days > months else (days, months, "month")
        return (_order(order) if many >= few * _CLEAR_MAJORITY else None), True
    for votes in (_votes_by_id(dates), _votes_by_sorting([each for each, _ in dates])):
        if votes[0] != votes[1]:
            return ("day" if votes[0] > votes[1] else "month"), True
    return ("month" if any("/" in each.written for each, _ in dates) else "day"), False


def _order(order: str) -> Order:
    return "day" if order == "day" else "month"


def _votes_by_id(dates: Iterable[tuple[Either, str | None]]) -> tuple[int, int]:
    """The number of ids that agree with the day first, and with the month first."""
    days = months = 0
    for each, id_ in dates:
        if id_ and id_.isdecimal() and len(id_) < 20 and int(id_) >= _LEAST_DATED_ID:
            there = datetime.fromtimestamp(((int(id_) >> 22) + _X_EPOCH_MS) / 1000, UTC)
            days += each.day_first is not None and abs(each.day_first - there) <= _NEAR
            months += each.month_first is not None and abs(each.month_first - there) <= _NEAR
    return days, months


def _votes_by_sorting(dates: Sequence[Either]) -> tuple[int, int]:
    """1 for each of the two orders in which the table is sorted by date, else 0."""
    return _is_sorted([each.by("day") for each in dates]), _is_sorted([each.by("month") for each in dates])


def _is_sorted(moments: Iterable[datetime | None]) -> int:
    pairs = list(pairwise(moment for moment in moments if moment))
    rising, falling = all(one <= two for one, two in pairs), all(one >= two for one, two in pairs)
    return int(len(pairs) > 1 and (rising or falling))


def _within_years(moment: datetime | None) -> datetime | None:
    return moment if moment and moment.year in _YEARS else None


def _read(written: object) -> datetime | Either | None:
    if isinstance(written, int | float):
        return _from_epoch(float(written))
    return _from_text(written.strip()) if isinstance(written, str) else None


def _from_text(written: str) -> datetime | Either | None:
    if _COMPACT.fullmatch(written):
        return datetime.strptime(written.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if _EPOCH.fullmatch(written):
        return _from_epoch(float(written))
    if match := _X_MOMENT.fullmatch(written):
        return _from_x(*match.groups())
    if match := _SHEET_MOMENT.fullmatch(written):
        return _from_sheet(*match.groups())
    try:
        iso = datetime.fromisoformat(_ISO_ZONE.sub(lambda zone: "" if zone[0] == " " else "+00:00", written))
    except ValueError:
        return _from_words(written)
    return _aware(iso)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_epoch(value: float) -> datetime | None:
    a_second = next((unit for least, unit in _EPOCH_UNITS if value >= least), None)
    return datetime.fromtimestamp(value / a_second, UTC) if a_second else None


def _from_x(month: str, day: str, hour: str, minute: str, second: str, *zone_and_year: str) -> datetime:
    sign, zone_hours, zone_minutes, year = zone_and_year
    east = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    zone = timezone(-east if sign == "-" else east)
    number = _MONTHS.index(month.lower()) + 1
    return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _from_sheet(one: str, separator: str, two: str, year: str, *clock: str | None) -> Either:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.upper() == "P" else 0)
    time = hours, int(minute or 0), int(second or 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    written = f"{one}{separator}{two}{separator}{year}"
    return Either(_day(full_year, int(two), int(one), time), _day(full_year, int(one), int(two), time), written)


def _day(year: int, month: int, day: int, time: tuple[int, int, int]) -> datetime | None:
    """That moment, or None if there is no such day. Raises `ValueError` for an impossible time."""
    midnight = datetime(year, 1, 1, *time, tzinfo=UTC)
    try:
        return _within_years(midnight.replace(month=month, day=day))
    except ValueError:
        return None


def _from_words(written: str) -> datetime | Either | None:
    """The moment of a date with words in it, such as `08:00 AM · Jan 3, 2022`. None if a part is left out."""
    if len(written) > _LONGEST or not _MAY_BE_DATE.match(written):
        return None
    ordered, year_first = _YEAR_FIRST.subn(r"\1-\2-\3 ", written)
    spaced = _SEPARATORS.sub(" ", ordered).strip()
    month_first = _within_years(_whole(spaced, day_first=False))
    if year_first:
        return month_first
    day_first = _within_years(_whole(spaced, day_first=True))
    return month_first if day_first == month_first else Either(day_first, month_first, written)


def _whole(written: str, *, day_first: bool) -> datetime | None:
    readings = {parser.parse(written, default=default, dayfirst=day_first, tzinfos=_zone) for default in _FILLED}
    return _aware(readings.pop()) if len(readings) == 1 else None


def _zone(name: str | None, seconds: int | None) -> int | None:
    """The offset of a zone, or None without one. Raises `ValueError` for an unknown name."""
    if seconds is not None or name is None:
        return seconds
    if name not in _ZONES:
        raise ValueError(name)
    return _ZONES[name]

"""The same few facts, written in every export's own way: when, yes or no, retweeted, by whom.

Knows how they are written. Does not know which column they stand in, nor what a broken file is: what cannot be
understood is unknown.
"""

import html
import re
from datetime import UTC, datetime, timedelta, timezone

from huggingtweets.records import Account

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# X's own: Sat Nov 09 12:14:18 +0000 2024. Read by hand, since strptime's %a and %b follow the locale.
_X_MOMENT = re.compile(r"\w{3} (\w{3}) (\d\d?) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII)
# A spreadsheet's: 10/16/17 22:59, 10/16/2017 10:59:30 PM. Always month first, as in the exports we know.
_US_MOMENT = re.compile(
    r"(\d\d?)/(\d\d?)/(\d\d|\d{4})(?:,? (\d\d?):(\d\d)(?::(\d\d))?(?: ?([AP])M)?)?", re.ASCII | re.IGNORECASE
)
_ISO_ZONE = re.compile(r" ?(?:UTC|GMT|Z)$| (?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
_EPOCH = re.compile(r"\d{9,16}(?:\.\d+)?", re.ASCII)
_EPOCH_UNITS = ((1e14, 1e6), (1e11, 1e3), (1e8, 1.0))  # from this value on, this many a second; 1e8 s is 1973

_YEARS = range(1970, 2201)  # what an export writes for no date, as year 1, cannot be reckoned with in every zone

_HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # X's, and Bluesky's, which are host names
# RT @ann: ..., with its old spellings, MT (a modified tweet), and a quotation with its author in front: "@ann: ...
_RETWEET = re.compile(r"""[^\w@＠#]*(?:(?:RT|(?-i:MT))\s*:?\s*[@＠]\w|(?<=["“”„«'‘])\s*[@＠]\w+\s*:)""", re.IGNORECASE)
_BEGINNING = 200  # characters; a retweet is told by fewer
_YES = frozenset({"true", "1", "1.0", "yes", "y", "t"})


def moment(written: object) -> datetime | None:
    """When that is, aware; a time without a zone counts as UTC. None if it cannot be told, or is not in `_YEARS`."""
    try:
        found = _read(written)
    except (ValueError, OverflowError, OSError):  # a 31st of June, an hour 25, not a number, a year past the system's
        return None
    return found if found and found.year in _YEARS else None


def _read(written: object) -> datetime | None:
    if isinstance(written, int | float):
        return _from_epoch(float(written))
    return _from_text(written.strip()) if isinstance(written, str) else None


def _from_text(written: str) -> datetime | None:
    if _EPOCH.fullmatch(written):
        return _from_epoch(float(written))
    if found := _X_MOMENT.fullmatch(written):
        return _from_x(*found.groups())
    if found := _US_MOMENT.fullmatch(written):
        return _from_us(*found.groups())
    iso = datetime.fromisoformat(_ISO_ZONE.sub(lambda zone: "" if zone[0] == " " else "+00:00", written))
    return iso if iso.tzinfo else iso.replace(tzinfo=UTC)


def _from_epoch(value: float) -> datetime | None:
    a_second = next((unit for least, unit in _EPOCH_UNITS if value >= least), None)
    return datetime.fromtimestamp(value / a_second, UTC) if a_second else None


def _from_x(month: str, day: str, hour: str, minute: str, second: str, *zone_and_year: str) -> datetime:
    sign, zone_hours, zone_minutes, year = zone_and_year
    east = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    zone = timezone(-east if sign == "-" else east)
    number = _MONTHS.index(month.lower()) + 1
    return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _from_us(month: str, day: str, year: str, *clock: str | None) -> datetime:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.upper() == "P" else 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    return datetime(full_year, int(month), int(day), hours, int(minute or 0), int(second or 0), tzinfo=UTC)


def yes(written: object) -> bool:
    """Whether a flag is set; a missing one is not."""
    return isinstance(written, str | int | float) and str(written).strip().lower() in _YES


def reads_as_retweet(text: str) -> bool:
    """Whether `text` begins as X or people write a retweet: all that archives and old dumps tell."""
    return _RETWEET.match(html.unescape(text[:_BEGINNING])) is not None


def account(handle: object, display_name: object = "", avatar_url: object = "", site: str = "") -> Account | None:
    """Whom these name; nobody if the handle is none: it becomes the name of a model and of its folder."""
    bare = str(handle).strip().removeprefix("@") if isinstance(handle, str) else ""
    if not _HANDLE.fullmatch(bare):
        return None
    return Account(bare, _text(display_name), _text(avatar_url), site)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""

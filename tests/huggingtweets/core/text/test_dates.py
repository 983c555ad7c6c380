"""Dates are read in every form that exports write; a table shows its order of day and month; the rest is unknown."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huggingtweets.core.text import dates
from huggingtweets.core.text.dates import Either

NIGHT = datetime(2017, 10, 16, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "Mon Oct 16 22:59:00 +0000 2017",
        "Tue Oct 17 00:59:00 +0200 2017",
        "Mon Oct 16 17:29:00 -0530 2017",
        "10/16/17 22:59",
        "10/16/2017 22:59:00",
        "10/16/2017, 10:59 PM",
        "10/16/17 10:59:00pm",
        "2017-10-16T22:59:00+00:00",
        "2017-10-16T22:59:00.000Z",
        " 2017-10-16 22:59 ",
        "2017-10-16 22:59:00 UTC",
        "2017-10-16 22:59:00 +0000",
        "2017-10-17 00:59:00 +02:00",
        1508194740,
        1508194740.0,
        "1508194740",
        1508194740000,
        "1508194740000",
        "1508194740000000",
    ],
)
def test_a_moment_is_read_however_it_is_written(written: Any) -> None:
    assert dates.moment(written) == NIGHT


@pytest.mark.parametrize(
    ("written", "hour"), [("10/16/17", 0), ("10/16/17 12:00 AM", 0), ("10/16/17 12:00 PM", 12), ("2017-10-16", 0)]
)
def test_a_day_begins_at_midnight_and_turns_at_noon(written: str, hour: int) -> None:
    assert dates.moment(written) == datetime(2017, 10, 16, hour, tzinfo=UTC)


def test_a_moment_keeps_the_zone_it_names() -> None:
    told = dates.moment("Mon Oct 16 22:59:00 -0330 2017")
    assert told is not None
    assert told.tzinfo == timezone(-timedelta(hours=3, minutes=30))


@pytest.mark.parametrize(
    "written",
    [
        None, "", "yesterday", "31/31/17 22:59", "2017-02-31", "Mon Foo 16 22:59:00 +0000 2017", "10:20:04", [], {},
        "Mon Oct 16 25:59:00 +0000 2017", "Mon Oct 16 22:59:00 +9900 2017", "99999999", 7, -5, True,
        float("nan"), float("inf"), float("-inf"), 1e300, 10**400, "1.5625E+12",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1900-01-01", "1/1/1899", "2201-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_unknown(written: Any) -> None:
    assert dates.moment(written) is None


@pytest.mark.parametrize("written", ["1970-01-01T00:00:00+14:00", "2200-12-31T23:59:59-12:00", "1/1/1970"])
def test_a_moment_of_our_time_can_be_told_in_every_zone(written: str) -> None:
    moment = dates.moment(written)
    assert moment
    assert moment.astimezone(timezone(-timedelta(hours=12))) == moment == moment.astimezone(UTC)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=40) | st.from_regex(r"\d{1,2}/\d{1,2}/\d{2,4} \d{1,2}:\d{2}(:\d{2})? ?([AP]M)?") | st.floats())
@example(6.77680361916768e22)
def test_a_moment_is_aware_or_unknown_whatever_is_written(written: str | float) -> None:
    moment = dates.moment(written)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    "written",
    [
        "Oct 16, 2017 · 10:59 PM UTC",
        "10:59 PM · Oct 16, 2017",
        "10:59 PM - 16 Oct 2017",
        "16-Oct-17 10:59 PM",
        "Mon, 16 Oct 2017 22:59:00 +0000",
        "Mon, 16 Oct 2017 22:59:00 GMT",
        "Mon Oct 16 22:59:00 UTC 2017",
        "Mon Oct 16 22:59:00 2017",
        "Mon Oct 16 15:59:00 PDT 2017",
        "Mon Oct 16 2017 23:59:00 GMT+0100 (Central European Standard Time)",
        "October 16th, 2017 at 10:59 PM",
        "Monday, 16 October 2017 22:59",
        "2017/10/16 22:59:00",
        "2017/10/16T22:59",
        "2017.10.16 22:59",
        "2017年10月16日 22:59",
        "2017-10-16T22:59:00.0000000+00:00",
        "20171016225900",
        "201710162259",
        "16.10.2017 22:59",
        "16-10-2017 22:59:00",
        "16/10/2017, 22:59",
        "16/10/17 10:59 p.m.",
        "22:59 16/10/2017",
    ],
)
def test_a_date_is_read_with_words_or_in_the_order_of_its_country(written: str) -> None:
    assert dates.moment(written) == NIGHT


@pytest.mark.parametrize(
    "written", ["16 October 2017", "20171016", "2017/10/16", "16.10.17", "16-Oct-17", "Oct 16, 2017"]
)
def test_a_day_alone_is_its_midnight(written: str) -> None:
    assert dates.moment(written) == datetime(2017, 10, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "October 2017", "Oct 16", "10:59 PM", "2017", "16", "Monday", "5h", "Feb 30, 2017", "3 4 5",
        "2017-10-16 22:59:00 Somewhere Time", "Mon Oct 16 22:59:00 XYZ 2017", "32/32/2017", "1 2 3 4 5 6 7", "9" * 200,
    ],
)  # fmt: skip
def test_a_part_of_a_date_is_never_filled_up(written: str) -> None:
    assert dates.read(written) is None


def test_a_date_that_may_be_two_days_says_so() -> None:
    march, april = datetime(2022, 3, 4, tzinfo=UTC), datetime(2022, 4, 3, tzinfo=UTC)
    assert dates.read("03/04/2022") == Either(april, march, "03/04/2022")
    assert dates.read("3.4.22") == Either(april, march, "3.4.22")
    assert dates.moment("03/04/2022") == march, "as the exports that we know write it"
    only = dates.read("16/04/2022")
    assert isinstance(only, Either)
    assert only.by("month") == only.by("day") == only.by(None) == datetime(2022, 4, 16, tzinfo=UTC)


def either(*written: str, ids: tuple[str | None, ...] = ()) -> list[tuple[Either, str | None]]:
    """The dates with the ids of their tweets."""
    found = [date for date in map(dates.read, written) if isinstance(date, Either)]
    assert len(found) == len(written)
    return list(zip(found, ids or [None] * len(found), strict=True))


@pytest.mark.parametrize(
    ("written", "order", "proven"),
    [
        (("03/04/2022", "13/04/2022"), "day", True),
        (("03/04/2022", "04/13/2022"), "month", True),
        (("03-04-2022", "13-04-2022", "14-04-2022"), "day", True),
        (("13/04/2022", "04/13/2022", "03/04/2022"), None, True),
        (("01/11/2022", "02/11/2022", "01/12/2022"), "day", True),
        (("11/01/2022", "11/02/2022", "12/01/2022"), "month", True),
        (("12/01/2022", "11/02/2022", "11/01/2022"), "month", True),
        (("03/04/2022",), "month", False),
        (("03.04.2022",), "day", False),
        (("03-04-2022",), "day", False),
    ],
)
def test_the_whole_table_shows_whether_the_day_comes_first(
    written: tuple[str, ...], order: str | None, proven: bool
) -> None:
    assert dates.order_of(either(*written)) == (order, proven)


def test_one_slip_in_a_long_table_decides_nothing() -> None:
    assert dates.order_of(either(*["13/04/2022"] * 20, "04/13/2022")) == ("day", True)
    assert dates.order_of(either(*["13/04/2022"] * 19, "04/13/2022")) == (None, True)


@pytest.mark.parametrize(
    ("day", "order"), [(datetime(2022, 3, 4, tzinfo=UTC), "month"), (datetime(2022, 4, 3, tzinfo=UTC), "day")]
)
def test_an_id_of_x_holds_the_day_and_shows_the_order(day: datetime, order: str) -> None:
    id_ = str((int(day.timestamp() * 1000) - 1_288_834_974_657) << 22)
    assert dates.order_of(either("03/04/2022", "03/04/2022", ids=("77", id_))) == (order, True)


@settings(deadline=None)
@given(st.text("0123456789/.-: ,·TZGMTJanPMat年月日+()", max_size=40))
def test_whatever_looks_like_a_date_is_read_or_unknown(written: str) -> None:
    found = dates.read(written)
    moments = [found.day_first, found.month_first] if isinstance(found, Either) else [found]
    assert all(moment is None or moment.tzinfo for moment in moments)

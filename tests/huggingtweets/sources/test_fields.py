"""Dates, flags and handles are understood in every way the exports write them, and what is none is unknown."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huggingtweets.records import Account
from huggingtweets.sources import fields

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
    assert fields.moment(written) == NIGHT


@pytest.mark.parametrize(
    ("written", "hour"), [("10/16/17", 0), ("10/16/17 12:00 AM", 0), ("10/16/17 12:00 PM", 12), ("2017-10-16", 0)]
)
def test_a_day_begins_at_midnight_and_turns_at_noon(written: str, hour: int) -> None:
    assert fields.moment(written) == datetime(2017, 10, 16, hour, tzinfo=UTC)


def test_a_moment_keeps_the_zone_it_names() -> None:
    told = fields.moment("Mon Oct 16 22:59:00 -0330 2017")
    assert told is not None
    assert told.tzinfo == timezone(-timedelta(hours=3, minutes=30))


@pytest.mark.parametrize(
    "written",
    [
        None, "", "yesterday", "16/10/17 22:59", "2017-02-31", "Mon Foo 16 22:59:00 +0000 2017", "10:20:04", [], {},
        "Mon Oct 16 25:59:00 +0000 2017", "Mon Oct 16 22:59:00 +9900 2017", "99999999", 7, -5, True,
        float("nan"), float("inf"), float("-inf"), 1e300, 10**400, "1.5625E+12",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1900-01-01", "1/1/1899", "2201-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_unknown(written: Any) -> None:
    assert fields.moment(written) is None


@pytest.mark.parametrize("written", ["1970-01-01T00:00:00+14:00", "2200-12-31T23:59:59-12:00", "1/1/1970"])
def test_a_moment_of_our_time_can_be_told_in_every_zone(written: str) -> None:
    moment = fields.moment(written)
    assert moment
    assert moment.astimezone(timezone(-timedelta(hours=12))) == moment == moment.astimezone(UTC)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=40) | st.from_regex(r"\d{1,2}/\d{1,2}/\d{2,4} \d{1,2}:\d{2}(:\d{2})? ?([AP]M)?") | st.floats())
@example(6.77680361916768e22)
def test_a_moment_is_aware_or_unknown_whatever_is_written(written: str | float) -> None:
    moment = fields.moment(written)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize("written", [True, "True", " true ", "1", 1, 1.0, "1.0", "yes", "Y", "t"])
def test_a_flag_is_set(written: Any) -> None:
    assert fields.yes(written)


@pytest.mark.parametrize("written", [False, None, "False", "", "0", 0, 412, "no", [], {}, float("nan")])
def test_a_flag_is_not_set(written: Any) -> None:
    assert not fields.yes(written)


@pytest.mark.parametrize(
    "text",
    [
        "RT @bob: hi",
        "  RT @bob: hi",
        "rt @bob hi",
        "RT: @bob hi",
        "RT@bob hi",
        "RT ＠bob hi",
        "👏 RT @bob: hi",
        ".RT @bob: hi",
        "MT @bob: hi",
        '"@bob: hi" so true',
        "“@bob: hi” so true",
        "&quot;@bob: hi&quot; so true",
        "'@bob : hi' so true",
        '"RT @bob: hi"',
    ],
)
def test_a_text_that_begins_with_whose_words_they_are_is_a_retweet(text: str) -> None:
    assert fields.reads_as_retweet(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "so RT @bob: hi",
        "RT if you agree",
        "RT @",
        "art @bob and start @bob",
        "Mt @bob is a mountain",
        "@bob: hi",
        '"@bob hi" is what I said',
        'she said "@bob: hi"',
        "#RT @bob hi",
    ],
)
def test_a_text_that_begins_with_own_words_is_no_retweet(text: str) -> None:
    assert not fields.reads_as_retweet(text)


def test_a_handle_keeps_its_case_and_loses_its_at() -> None:
    assert fields.account(" @Ann_B ", " Ann ", "https://a/b.jpg") == Account("Ann_B", "Ann", "https://a/b.jpg")
    assert fields.account("ann.bsky.social") == Account("ann.bsky.social")
    assert fields.account("ann", None, 7) == Account("ann")


@pytest.mark.parametrize("handle", [None, "", "@", 7, "Ann B", "..", "../x", "a/b", "a\nb", "é", "x" * 101])
def test_what_is_no_handle_names_nobody(handle: Any) -> None:
    assert fields.account(handle) is None

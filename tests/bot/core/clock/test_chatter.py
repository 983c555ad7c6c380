"""When the bot may speak by itself, for any messages at any times."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock.chatter import DAY, Chatter, LastWord, silence, voted_down
from bot.core.clock.quiet import quiet_until
from huggingtweets.core.errors import Usage

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
settings = st.builds(
    Chatter,
    since=st.just(BEGIN),
    percent=st.integers(1, 100),
    pause_minutes=st.integers(1, 1_440),
    a_day=st.integers(1, 200),
    quiet=st.sampled_from(["", "23:00-07:00", "09:00-17:30", "00:00-00:00"]),
    time_zone=st.sampled_from(["UTC", "Europe/Paris", "America/Sao_Paulo"]),
)
messages = st.lists(
    st.tuples(st.integers(0, 20_000), st.floats(0, 1, exclude_max=True)), min_size=1, max_size=60
)  # seconds since the one before, and the random number


@given(settings, messages)
def test_remarks_keep_all_rules_however_people_write(chatter: Chatter, messages: list[tuple[int, float]]) -> None:
    remarks: list[datetime] = []
    now = BEGIN
    for seconds, drawn in messages:
        now += timedelta(seconds=seconds)
        reason = silence(chatter, now, remarks, drawn)
        assert reason or drawn * 100 < chatter.percent
        if not reason:
            assert not quiet_until(now, chatter.quiet, chatter.time_zone)
            remarks.append(now)
        elif reason == "pause":
            assert now - remarks[-1] < timedelta(minutes=chatter.pause_minutes)
    for earlier, later in itertools.pairwise(remarks):
        assert later - earlier >= timedelta(minutes=chatter.pause_minutes)
    for at in remarks:
        assert sum(at <= other < at + DAY for other in remarks) <= chatter.a_day


@given(settings, st.lists(st.integers(0, 100_000), max_size=20))
def test_a_message_that_follows_a_long_silence_of_the_bot_is_answered_if_chance_wants_it(
    chatter: Chatter, ages: list[int]
) -> None:
    now = BEGIN + timedelta(days=3)
    old = [now - DAY - timedelta(seconds=age) for age in ages]
    is_quiet = bool(quiet_until(now, chatter.quiet, chatter.time_zone))
    assert bool(silence(chatter, now, old, 0.0)) is is_quiet


@given(settings)
def test_what_is_stored_is_read_back(chatter: Chatter) -> None:
    assert Chatter.parsed(chatter.as_stored) == chatter
    assert Chatter.parsed(None) is None


@given(st.integers(0, 50), st.integers(0, 50))
def test_more_people_down_than_up_end_it_but_never_one_alone(up: int, down: int) -> None:
    assert voted_down(up, down) is (down > up and down > 1)


@given(st.lists(st.sampled_from(["bot", "person", "elsewhere"])))
def test_only_a_person_gives_the_bot_the_next_word(writers: list[str]) -> None:
    last = LastWord()
    for _ in range(2):  # the gateway may send all of them again
        for number, writer in enumerate(writers):
            match writer:
                case "bot":
                    last.of_bot(1, number)
                case "person":
                    last.of_person(1, number)
                case _:
                    last.of_bot(2, number)
            here = [writer for writer in writers if writer != "elsewhere"]
    if writers:
        assert last.is_own(1) is (here[-1:] == ["bot"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"time_zone": "Mars"}, 'There is no time zone "Mars"'),
        ({"time_zone": "../etc"}, "There is no time zone"),
        ({"quiet": "at night"}, "are no quiet hours"),
        ({"quiet": "25:00-07:00"}, "are no quiet hours"),
        ({"quiet": "07:00"}, "are no quiet hours"),
    ],
)
def test_what_makes_no_sense_is_said(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(Usage, match=sentence):
        Chatter(BEGIN).changed(**change)


def test_a_dash_ends_the_quiet_hours_and_what_is_not_named_stays() -> None:
    changed = Chatter(BEGIN, percent=7).changed(quiet="-", a_day=None, pause_minutes=5)
    assert changed == Chatter(BEGIN, percent=7, quiet="", pause_minutes=5)

"""Calls that may be repeated are repeated, with growing waits that hold some chance, and never longer than allowed."""

from datetime import UTC, datetime, timedelta

import pytest

from huggingtweets.remote.upstream import InDoubt, NotReached, OutOfCredit, Patience, RateLimited, Upstream, limit_end

QUICK = Patience(attempts=3, first_seconds=0.001, longest_seconds=0.05)


class Calls:
    """Fails with each of `errors` in turn, and then gives its own number."""

    def __init__(self, *errors: Exception):
        self.errors = list(errors)
        self.made = 0

    async def __call__(self) -> int:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.made


async def test_what_may_pass_is_tried_again() -> None:
    assert await QUICK.insist(Calls(NotReached("X", "no network"), InDoubt("X", "503"))) == 3


async def test_the_last_failure_is_told() -> None:
    calls = Calls(*(InDoubt("X", str(number)) for number in range(5)))
    with pytest.raises(InDoubt, match="2"):
        await QUICK.insist(calls)
    assert calls.made == 3


async def test_a_clear_no_is_taken_at_once() -> None:
    calls = Calls(OutOfCredit("X", "X wants credit."))
    with pytest.raises(OutOfCredit):
        await QUICK.insist(calls)
    assert calls.made == 1


async def test_a_short_wait_is_waited_and_a_long_one_told() -> None:
    assert await QUICK.insist(Calls(RateLimited("X", datetime.now(UTC) + timedelta(milliseconds=20)))) == 2
    assert await QUICK.insist(Calls(RateLimited("X"))) == 2
    late = datetime(2126, 3, 1, 14, 5, tzinfo=UTC)
    with pytest.raises(RateLimited, match=r"after 14:05:00 UTC"):
        await QUICK.insist(Calls(RateLimited("X", late)))


def test_waits_grow_with_chance_and_have_an_end() -> None:
    patience = Patience(first_seconds=1.0, longest_seconds=30.0)
    for attempt, whole in enumerate((1, 2, 4, 8, 16, 30, 30)):
        waits = {patience.delay(attempt) for _ in range(50)}
        assert len(waits) > 40
        assert whole / 2 <= min(waits) <= max(waits) <= whole
    assert patience.delay(10_000) <= 30


def test_every_failure_has_an_exit_code() -> None:
    assert Upstream("X", "").exit_code == 69


@pytest.mark.parametrize("hours", [-1, 0, 1, 24])
def test_a_limit_ends_when_the_far_end_says(hours: int) -> None:
    end = (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)
    assert limit_end(str(int(end.timestamp()))) == end


@pytest.mark.parametrize("seconds", ["", "soon", "-5", "1e9", "١٢", "9" * 11, "9" * 40, None])
def test_nobody_waits_for_an_end_that_is_none_or_lies_years_ahead(seconds: str | None) -> None:
    assert limit_end(seconds) is None

"""The most real candidates are likelier, every one has a chance, and there is time for those that are drawn."""

from collections import Counter

import numpy as np
import pytest

from huggingtweets.generation.selection import FIRST_DRAFTS, LATEST, Pace, selected


def test_the_same_seed_selects_the_same_and_each_only_once() -> None:
    log_odds = np.linspace(-2, 2, 40)
    for seed in range(20):
        places = selected(log_odds, 5, seed)
        assert places == selected(log_odds, 5, seed)
        assert places == sorted(set(places))
        assert len(places) == 5


def test_a_candidate_is_selected_as_often_as_its_odds_say() -> None:
    log_odds = np.log([1.0, 2.0, 4.0, 1.0])
    counts = Counter(place for seed in range(4_000) for place in selected(log_odds, 1, seed, temperature=1.0))
    shares = [counts[place] / 4_000 for place in range(4)]
    assert shares == pytest.approx([1 / 8, 2 / 8, 4 / 8, 1 / 8], abs=0.03)


def test_the_real_ones_are_preferred_and_the_others_still_come() -> None:
    log_odds = np.array([3.0] * 5 + [0.0] * 35)
    counts = Counter(place < 5 for seed in range(400) for place in selected(log_odds, 5, seed))
    assert 0.3 < counts[True] / counts.total() < 0.95, "the share without a preference is an eighth"


def test_all_are_selected_if_there_are_no_more_than_wanted() -> None:
    assert selected(np.array([1.0, -9.0]), 5, seed=1) == [0, 1]
    assert selected(np.zeros(0), 5, seed=1) == []


def test_a_base_that_has_not_drawn_yet_gets_a_few_drafts() -> None:
    pace = Pace(seconds=0.5)
    assert pace.drafts("base", 40) == FIRST_DRAFTS
    assert pace.drafts("base", 3) == 3
    pace.note("base", drafts=40, seconds=2.0)
    assert pace.drafts("base", 40) == 10, "20 drafts a second, for half a second"
    assert pace.drafts("other", 40) == FIRST_DRAFTS


def drawn(pace: Pace, times: int, *, fixed: float, each: float) -> list[int]:
    """How many drafts each of so many answers of five tweets had, where a batch and each of its drafts take so long."""
    sizes = []
    for _ in range(times):
        sizes.append(max(7, pace.drafts("base", 40)))
        pace.note("base", sizes[-1], fixed + each * sizes[-1])
    return sizes


def test_the_pace_follows_what_was_measured_last() -> None:
    pace = Pace(seconds=1.0)
    pace.note("base", drafts=7, seconds=7.0)  # the first draw has loaded the base
    assert drawn(pace, 8, fixed=0.0, each=0.01)[-1] == 40
    for _ in range(LATEST):
        pace.note("base", drafts=20, seconds=4.0)
    assert pace.drafts("base", 40) == 5


def test_a_batch_with_a_time_of_its_own_soon_has_the_drafts_there_is_time_for() -> None:
    pace = Pace(seconds=0.7)
    pace.note("base", drafts=12, seconds=3.0)
    sizes = drawn(pace, 12, fixed=0.25, each=0.018)
    assert all(0.25 + 0.018 * size <= 0.7 for size in sizes)
    assert max(sizes[:6]) >= 20, "25 have time"
    assert sizes[-1] >= 22


def test_batches_that_take_all_the_time_become_smaller() -> None:
    pace = Pace(seconds=0.7)
    drawn(pace, 12, fixed=0.25, each=0.018)
    assert drawn(pace, LATEST + 1, fixed=1.0, each=0.1)[-1] == 7


def test_batches_that_take_less_the_larger_they_are_have_as_many_drafts_as_are_wanted() -> None:
    pace = Pace(seconds=1.0)
    for drafts, seconds in ((12, 9.0), (10, 0.9), (30, 0.2), (20, 0.5)):
        pace.note("base", drafts, seconds)
    assert pace.drafts("base", 40) == 40

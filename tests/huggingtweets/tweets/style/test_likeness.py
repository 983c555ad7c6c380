"""Measures of likeness give the values of their formulas."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.tweets.style.likeness import distinct_n, divergence, emoji_profile, length_profile

counts = st.dictionaries(st.integers(0, 5), st.integers(0, 9))


def test_distinct_pairs_are_counted_by_hand() -> None:
    assert distinct_n(["a b c", "a b d"], 2) == 3 / 4
    assert distinct_n(["a a a"], 1) == 1 / 3
    assert distinct_n(["a", "b", ""], 2) == 0.0
    assert distinct_n([], 2) == 0.0


@given(st.lists(st.text("ab "), max_size=6), st.integers(1, 3))
def test_distinct_is_a_share(texts: list[str], n: int) -> None:
    assert 0 <= distinct_n(texts, n) <= 1


def test_the_divergence_is_the_mean_of_two_relative_entropies() -> None:
    # p = (1/2, 1/2), q = (1, 0), middle = (3/4, 1/4)
    to_middle = (0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25), math.log2(1 / 0.75))
    assert divergence({"a": 2, "b": 2}, {"a": 7}) == pytest.approx(sum(to_middle) / 2)


@given(counts, counts)
def test_the_divergence_is_symmetric_and_within_its_bounds(ours: dict[int, int], theirs: dict[int, int]) -> None:
    assert divergence(ours, theirs) == pytest.approx(divergence(theirs, ours))
    assert 0 <= divergence(ours, theirs) <= 1
    assert divergence(ours, ours) == pytest.approx(0, abs=1e-12)


def test_nothing_in_common_is_one_and_nothing_at_all_is_equal() -> None:
    assert divergence({"a": 1}, {"b": 5}) == 1.0
    assert divergence({}, {"b": 5}) == 1.0
    assert divergence({}, {}) == 0.0


def test_lengths_are_counted_in_bins() -> None:
    assert length_profile(["a", "a" * 19, "a" * 20, "a" * 45]) == {0: 2, 1: 1, 2: 1}


def test_emoji_are_counted_and_signs_are_none() -> None:
    assert emoji_profile(["🚀🚀", "none here", "❤️"]) == {"🚀": 2, "": 1, "❤️": 1}

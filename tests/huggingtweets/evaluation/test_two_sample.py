"""Samples whose difference is known are told apart as well as they can be, and no better."""

import random

import numpy as np
import pytest

from huggingtweets.core.records import Estimate
from huggingtweets.evaluation.two_sample import MIN_TEXTS, accuracy, auc, ratio_of_means
from tests.conftest import sentences


def salad(count: int, seed: int) -> list[str]:
    """The words of such sentences in any order."""
    chance = random.Random(seed)
    words = [word for text in sentences(count, seed=seed + 100) for word in text.split()]
    chance.shuffle(words)
    return [" ".join(words[start : start + 7]) for start in range(0, 7 * count, 7)]


def test_texts_of_one_kind_cannot_be_told_apart() -> None:
    shares = [accuracy(sentences(30, seed=seed), sentences(30, seed=seed + 50)) for seed in range(4)]
    assert all(share.low < 0.5 < share.high for share in shares)
    assert np.mean([share.value for share in shares]) == pytest.approx(0.5, abs=0.08)


def test_word_salad_is_told_apart() -> None:
    share = accuracy(sentences(60, seed=1), salad(60, seed=2))
    assert share.value > 0.7
    assert 0.55 < share.low < share.value < share.high <= 1


def test_figures_help_where_words_do_not() -> None:
    real, drawn = np.zeros((40, 1)), np.ones((40, 1))
    texts = sentences(40, seed=1), sentences(40, seed=2)
    assert accuracy(*texts, (real, drawn)).value > 0.95
    assert accuracy(*texts, (real, real)).value == pytest.approx(accuracy(*texts).value)


def test_samples_in_which_all_texts_are_the_same_can_be_measured() -> None:
    assert accuracy(["rain"] * 20, ["rain"] * 20).value == pytest.approx(0.5)
    assert accuracy(["rain"] * 20, ["snow"] * 20).value == 1.0
    assert accuracy(["@"] * 20, [""] * 20).value == 1.0
    assert accuracy([""] * 20, [""] * 20).value == pytest.approx(0.5)


def test_the_same_seed_gives_the_same_figures() -> None:
    texts = sentences(30, seed=1), salad(30, seed=2)
    assert accuracy(*texts, seed=3) == accuracy(*texts, seed=3)


def test_an_interval_is_wider_for_fewer_texts_and_never_empty() -> None:
    few, many = (accuracy(["rain"] * size, ["snow"] * size) for size in (MIN_TEXTS, 10 * MIN_TEXTS))
    assert few.low < 0.75 < few.high == many.high == 1.0
    assert few.low < many.low < 0.97


@pytest.mark.parametrize("size", [0, 1, MIN_TEXTS - 1])
def test_too_few_texts_are_no_sample(size: int) -> None:
    with pytest.raises(ValueError, match="two samples"):
        accuracy(["rain"] * size, ["snow"] * size)
    with pytest.raises(ValueError, match="two samples"):
        auc(np.ones(size), np.ones(size))


def test_samples_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="same size"):
        accuracy(["rain"] * 20, ["snow"] * 21)


def test_the_auc_is_the_share_of_pairs_in_which_the_drawn_figure_is_higher() -> None:
    low, high = np.arange(10.0), np.arange(10.0) + 100
    assert auc(low, high).value == 1.0
    assert auc(high, low).value == 0.0
    assert auc(low, low).value == 0.5
    assert auc(np.arange(10.0), np.arange(10.0) + 1).value == pytest.approx((55 + 9 / 2) / 100)


def test_the_ratio_is_of_the_means() -> None:
    real, drawn = np.linspace(1, 3, 50), np.linspace(2, 4, 50)
    ratio = ratio_of_means(real, drawn)
    assert ratio.value == pytest.approx(1.5)
    assert 1.2 < ratio.low < 1.5 < ratio.high < 1.8
    assert ratio_of_means(np.ones(20), np.ones(20)) == Estimate(1.0, 1.0, 1.0)


def figures(count: int, mean: float, seed: int) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(mean, 0.3, count))


@pytest.mark.parametrize(("size", "shift"), [(10, 0.0), (20, 0.2), (100, 0.3)])
def test_intervals_hold_the_true_figure_in_about_95_of_100_samples(size: int, shift: float) -> None:
    pairs = [(figures(size, 0, seed), figures(size, shift, seed + 10_000)) for seed in range(400)]
    for estimate, true in ((ratio_of_means, np.exp(shift)), (auc, np.mean([auc(*pair).value for pair in pairs]))):
        intervals = [estimate(*pair) for pair in pairs]
        assert np.mean([interval.low <= true <= interval.high for interval in intervals]) >= 0.91

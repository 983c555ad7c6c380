"""A version passes if it is not worse beyond noise and copies nobody; otherwise the gate says why in one sentence."""

from dataclasses import replace

import numpy as np
import pytest

from huggingtweets.core.config.settings import GateSettings
from huggingtweets.core.records import Comparison, Estimate, Report, Sense
from huggingtweets.evaluation.quality_gate import compared, judge, tolerance

GOOD = Report(
    held_out_tweets=50,
    held_out_bits_per_byte=2.0,
    base_held_out_bits_per_byte=2.5,
    drafts=200,
    exact_copies=0,
    near_copies=2,
    distinct_2=0.8,
    tweets=198,
    length_divergence=0.1,
    emoji_divergence=0.1,
    accounts=1,
)
LIMITS = GateSettings()


def against(difference: float, standard_error: float) -> Report:
    return replace(GOOD, previous=Comparison("v1", 2.0 - difference, difference, standard_error))


def test_a_first_version_that_copies_nobody_passes() -> None:
    verdict = judge(GOOD, LIMITS)
    assert verdict.passed
    assert verdict.as_json() == {"passed": True, "why_not": ""}


@pytest.mark.parametrize(
    ("difference", "error", "passes"),
    [(-0.1, 0.0, True), (0.0, 0.0, True), (0.001, 0.0, False), (0.015, 0.01, True), (0.017, 0.01, False)],
)
def test_worse_within_the_noise_passes(difference: float, error: float, passes: bool) -> None:
    assert judge(against(difference, error), LIMITS).passed is passes


def test_a_share_of_the_loss_is_the_most_that_noise_excuses() -> None:
    report = against(0.03, 1.0)
    assert report.previous
    assert tolerance(report.previous, LIMITS) == pytest.approx(0.01 * 1.97)
    assert not judge(report, LIMITS).passed


def test_copies_are_not_used_and_every_reason_is_told_in_one_sentence() -> None:
    assert not judge(replace(GOOD, exact_copies=1), LIMITS).passed
    assert not judge(replace(GOOD, near_copies=3), LIMITS).passed
    verdict = judge(replace(against(0.5, 0.0), exact_copies=4, near_copies=9), LIMITS)
    assert verdict.for_people == (
        "Not used, because it writes less like the person than v1 does, 4 of 200 tweets that it wrote as a test "
        "repeat a real one word for word and 9 of 200 tweets that it wrote as a test are almost the same as a real one"
        "; give it more tweets and let it learn again."
    )
    assert verdict.why_not == (
        "Not used, because on tweets that it had never seen it is 33.33% worse than v1, and chance explains 0.00% at "
        "most and 4 of 200 tweets drawn as a test are real tweets word by word and 9 of 200 tweets drawn as a test are "
        "nearly a real tweet, more than 1%."
    )


def test_the_comparison_is_paired_over_tweets() -> None:
    chance = np.random.default_rng(1)
    sizes = chance.integers(20, 280, 400)
    theirs = sizes * chance.normal(2.0, 0.5, 400)  # tweets differ far more than versions do
    ours = theirs + sizes * 0.01
    close = compared("v1", ours, theirs, sizes)
    assert close.held_out_bits_per_byte == pytest.approx(theirs.sum() / sizes.sum())
    assert close.difference == pytest.approx(0.01)
    assert close.standard_error == pytest.approx(0.0, abs=1e-9), "what is the same for every tweet is no noise"


def test_the_standard_error_is_the_spread_over_new_samples() -> None:
    chance = np.random.default_rng(2)
    made = []
    for _ in range(300):
        sizes = chance.integers(20, 280, 100)
        theirs = sizes * 2.0
        made.append(compared("v1", theirs + sizes * chance.normal(0, 0.1, 100), theirs, sizes))
    spread = np.std([comparison.difference for comparison in made])
    assert np.mean([comparison.standard_error for comparison in made]) == pytest.approx(spread, rel=0.15)


def test_of_a_single_tweet_the_noise_is_unknown() -> None:
    one = compared("v1", np.array([10.0]), np.array([9.0]), np.array([5]))
    assert (one.difference, one.standard_error) == pytest.approx((0.2, 1.8))


def made_of(told_apart: Estimate, ratio: Estimate | None = None, own: float = 0.6) -> Report:
    sense = Sense(100, told_apart, Estimate(own, own - 0.1, own + 0.1), "smollm2" if ratio else "", ratio, ratio)
    return replace(GOOD, sense=sense)


def test_tweets_that_give_themselves_away_are_used_with_a_caution() -> None:
    verdict = judge(made_of(Estimate(0.83, 0.74, 0.89), Estimate(1.4, 1.2, 1.6)), LIMITS)
    assert verdict.passed
    assert verdict.caution == (
        "Take care: a test tells 83% (74% to 89%) of its tweets and of the person's latest apart; of the person's "
        "earlier ones 60%, and by chance 50% and another model (smollm2) finds its tweets stranger than the person's: "
        "they take 1.40 (1.20 to 1.60) times the bits."
    )
    assert verdict.as_json() == {"passed": True, "why_not": "", "caution": verdict.caution}
    assert "blander" in judge(made_of(Estimate(0.5, 0.4, 0.6), Estimate(0.7, 0.6, 0.8)), LIMITS).caution


@pytest.mark.parametrize(
    "report",
    [
        GOOD,
        made_of(Estimate(0.7, 0.6, 0.8), Estimate(1.0, 0.95, 1.05)),
        # A few tweets of a small account: the figures are bad, and may be chance.
        made_of(Estimate(0.9, 0.6, 0.98), Estimate(1.5, 1.05, 2.1)),
        # The person writes of other things now.
        made_of(Estimate(0.83, 0.74, 0.89), own=0.8),
    ],
    ids=["not measured", "good", "few tweets", "other subjects"],
)
def test_noise_and_what_no_voice_could_do_better_are_no_reason_for_a_caution(report: Report) -> None:
    verdict = judge(report, LIMITS)
    assert (verdict.passed, verdict.caution) == (True, "")


def test_a_version_that_is_not_used_is_cautioned_of_too() -> None:
    verdict = judge(replace(made_of(Estimate(0.83, 0.74, 0.89)), exact_copies=1), LIMITS)
    assert not verdict.passed
    assert verdict.caution

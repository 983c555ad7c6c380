"""Every figure of a report is told with what it says."""

from dataclasses import replace

import pytest

from huggingtweets.core.records import Comparison, Estimate, Replies, Report, Sense
from huggingtweets.evaluation.figures import figures

PLAIN = Report(
    held_out_tweets=1_040,
    held_out_bits_per_byte=1.5,
    base_held_out_bits_per_byte=2.0,
    drafts=200,
    exact_copies=0,
    near_copies=1,
    distinct_2=0.891,
    tweets=150,
    length_divergence=0.02,
    emoji_divergence=0.4,
    accounts=1,
)
SENSE = Sense(
    tweets=100,
    told_apart=Estimate(0.66, 0.58, 0.74),
    own_told_apart=Estimate(0.64, 0.5, 0.7),
    judge="smollm2",
    bits_ratio=Estimate(1.2, 1.1, 1.3),
)


def told(report: Report) -> dict[str, tuple[str, str]]:
    return {figure.of: (figure.value, figure.says) for figure in figures(report)}


def test_a_plain_report_says_what_is_known() -> None:
    rows = told(PLAIN)
    assert rows["bits a byte"] == (
        "1.500",
        "on 1,040 tweets that it never read: 25% fewer than the base without the voice has (2.000)",
    )
    assert rows["near-copies"] == ("1", "of 200 drafts are almost a real tweet")
    assert rows["lengths"][1].startswith("its tweets are as long as theirs")
    assert rows["emoji"][1].startswith("it uses not as many")
    assert rows.keys() == {"bits a byte", "copies", "near-copies", "variety", "lengths", "emoji"}


def test_an_old_report_does_not_know_its_base() -> None:
    assert told(replace(PLAIN, base_held_out_bits_per_byte=0.0))["bits a byte"][1].endswith("fewer are better")


@pytest.mark.parametrize(
    ("difference", "word"), [(0.2, "it is worse"), (-0.2, "it is better"), (0.01, "neither is surely better")]
)
def test_a_comparison_says_which_is_better_if_that_is_sure(difference: float, word: str) -> None:
    value, says = told(replace(PLAIN, previous=Comparison("v1", 2.0, difference, 0.01)))["against v1"]
    assert value == f"{difference / 2:+.1%}"
    assert says.endswith(word)


def test_what_else_was_measured_is_told_too() -> None:
    full = replace(
        PLAIN, sense=SENSE, replies=Replies(40, 1.4, 1.5, 1.6, 0.8), short_repeats=2, accounts=5,
        attribution=0.9, held_out_attribution=0.95,
    )  # fmt: skip
    rows = told(full)
    assert rows["told apart"][0] == "66% (58% to 74%)"
    assert "64% of the person's own earlier ones" in rows["told apart"][1]
    assert "(smollm2) finds them stranger than real ones" in rows["strangeness"][1]
    assert rows["replies"] == (
        "80%",
        "of 40 fit what they answer better than another text (50% is chance); it saves 6.7% of their bits",
    )
    assert "the other 4 known here; of their own 95%" in rows["whose style"][1]
    assert rows["short repeats"][0] == "2"

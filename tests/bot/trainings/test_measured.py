"""Figures become words that everybody understands."""

from dataclasses import replace

import pytest

from bot.trainings.measured import progress, report_lines
from huggingtweets.core.records import Replies, Report

REPORT = Report(
    held_out_tweets=40,
    held_out_bits_per_byte=1.38,
    base_held_out_bits_per_byte=2.0,
    drafts=200,
    exact_copies=0,
    near_copies=2,
    distinct_2=0.9,
    tweets=150,
    length_divergence=0.1,
    emoji_divergence=0.1,
    accounts=5,
    attribution=0.62,
)


def test_a_report_is_told_in_words() -> None:
    assert report_lines(REPORT) == [
        "Foresees tweets that it had never seen 31% better than before it learned",
        "Of 200 tweets that it tried, none repeated a real one and 2 came near",
        "A test that knows 5 accounts took 62% of them for the right one's",
    ]


@pytest.mark.parametrize(("bits", "said"), [(1.8, "10% better"), (1.999, "no better"), (2.1, "5% worse")])
def test_whether_it_answers_is_told(bits: float, said: str) -> None:
    report = replace(REPORT, replies=Replies(30, bits, 2.0, 2.1, 0.8))
    assert report_lines(report)[-1] == f"Foresees their replies {said} when it is told what they answer"


def test_what_was_not_measured_is_not_told() -> None:
    nothing = replace(REPORT, base_held_out_bits_per_byte=0.0, drafts=0, attribution=None, accounts=1)
    assert report_lines(nothing) == []


@pytest.mark.parametrize(
    ("now", "earlier", "said"),
    [
        (1.5, 1.6, "It foresees tweets that it had never seen 6% better than v1 did."),
        (1.6, 1.5, "It foresees tweets that it had never seen 7% worse than v1 did."),
        (1.5, 1.501, "It foresees tweets that it had never seen as well as v1 did."),
        (None, 1.5, ""),
        (1.5, None, ""),
    ],
)
def test_a_version_is_compared_with_the_one_before(now: float | None, earlier: float | None, said: str) -> None:
    assert progress(now, earlier, "v1") == said

"""Measuring a version from disk gives the same report that its training wrote."""

import pytest

from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.config.settings import Settings
from huggingtweets.evaluation.measure import measure
from huggingtweets.workflow.pipeline import Outcome


def test_the_report_from_disk_is_the_trainings(trained: tuple[Settings, Outcome]) -> None:
    settings, outcome = trained
    report = measure(outcome.version, settings)
    assert report.base_held_out_bits_per_byte == pytest.approx(outcome.report.base_held_out_bits_per_byte, rel=1e-6)
    assert report.held_out_bits_per_byte == pytest.approx(outcome.report.held_out_bits_per_byte, rel=1e-5)
    assert (report.drafts, report.held_out_tweets) == (outcome.report.drafts, outcome.report.held_out_tweets)
    assert report.distinct_2 == pytest.approx(outcome.report.distinct_2, abs=0.02)
    assert report.sense
    assert outcome.report.sense
    assert (report.sense.judge, report.sense.tweets) == (outcome.report.sense.judge, outcome.report.sense.tweets)
    assert report.sense.judge == EMBEDDED

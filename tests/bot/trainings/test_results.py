"""A job's result comes back from the database as what it was, also one that older software wrote."""

from dataclasses import replace
from typing import Any

import pytest

from bot.trainings.news import news
from bot.trainings.results import EarlierVersion, Learned, result_of
from huggingtweets.core.events import Skipped
from tests.bot.trainings.test_news import JOB, report

# As the first release wrote it: `before` is a whole report.
OLDER = {
    "event": "done", "name": "ann", "version": "v2", "kept": 230, "in_use": True, "why_not": "", "samples": ["a"],
    "report": report(1.5), "before": {"version": "v1", **report(2.0)}, "seconds": 1.5,
}  # fmt: skip


def test_a_result_of_older_software_is_read() -> None:
    learned = result_of(replace(JOB, result=OLDER))
    assert isinstance(learned, Learned)
    assert (learned.version, learned.kept, learned.before) == (
        "v2",
        230,
        EarlierVersion(version="v1", held_out_bits_per_byte=2.0),
    )
    assert result_of(replace(JOB, result=learned.as_json())) == learned


def test_a_result_may_be_that_nothing_was_new() -> None:
    assert result_of(replace(JOB, result={"event": "skipped", "new": 3, "why": "w"})) == Skipped(new=3, why="w")


@pytest.mark.parametrize(
    "result", [{"event": "done"}, {"event": "done", "version": 5}, {"version": "v1", "report": "good"}]
)
def test_a_result_that_cannot_be_read_is_no_result_and_is_told_as_that(result: dict[str, Any]) -> None:
    job = replace(JOB, result=result)
    assert result_of(job) is None
    assert news(job).startswith("The training of ann has ended, but what is noted of it cannot be read.")

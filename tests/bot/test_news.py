"""What is said of a training that has ended."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.news import news
from bot.store.jobs import Job

JOB = Job(
    id=1,
    name="ann",
    person="discord:1",
    place="",
    state="done",
    files=[],
    options={},
    stage="register",
    percent=100,
    attempts=1,
    cancel_requested=False,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    ended_at=None,
    result={},
    error="",
    log="",
)


def done(**result: Any) -> str:
    return news(replace(JOB, result={"event": "done", "version": "v2", "kept": 1234, **result}))


def test_a_new_version_is_told_with_before_and_after_and_three_samples() -> None:
    told = done(
        report={"held_out_bits_per_byte": 1.5},
        before={"version": "v1", "held_out_bits_per_byte": 1.6},
        samples=["a", "b", "c", "d"],
    )
    assert told.split("\n") == [
        "ann v2 is in use, learned from 1,234 tweets.",
        "It foresees tweets that it had never seen 6% better than v1 did.",
        "• a",
        "• b",
        "• c",
    ]


def test_before_is_on_the_same_tweets_where_the_pipeline_measured_it() -> None:
    report = {"held_out_bits_per_byte": 1.5, "previous": {"version": "v1", "held_out_bits_per_byte": 1.7}}
    assert "12% better than v1 did" in done(report=report, before={"version": "v1", "held_out_bits_per_byte": 1.6})


def test_a_first_version_has_no_before() -> None:
    for told in (done(report={"held_out_bits_per_byte": 1.5}, before=None), done()):
        assert told == "ann v2 is in use, learned from 1,234 tweets."


def test_a_version_that_the_gate_refused_says_why() -> None:
    assert done(in_use=False, why_not="It repeats 3 tweets.").startswith(
        "ann v2 is kept but not used: It repeats 3 tweets."
    )


def test_nothing_new_a_failure_and_a_cancelled_training_are_told_too() -> None:
    skipped = replace(JOB, result={"event": "skipped", "why": "3 new tweets are fewer than 20."})
    assert news(skipped) == "ann stays as it is: 3 new tweets are fewer than 20."
    failed = replace(JOB, state="failed", result=None, error="The disk is full.")
    assert news(failed) == "The training of ann gave nothing: The disk is full."
    assert news(replace(JOB, state="cancelled", result=None)) == "The training of ann was cancelled."

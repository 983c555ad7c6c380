"""What is said of a training that has ended."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.store.jobs import Job
from bot.trainings.news import STAGES, news, outcome, under_way
from huggingtweets.core import events
from huggingtweets.core.records import Comparison, Report
from huggingtweets.model.prepared_bases import STAGE as BASE

JOB = Job(
    id=1,
    name="ann",
    person="discord:1",
    place="",
    message="",
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


def report(held_out_bits_per_byte: float, previous: Comparison | None = None) -> dict[str, Any]:
    """The report on a version, as a job keeps it."""
    return Report(
        held_out_tweets=40,
        held_out_bits_per_byte=held_out_bits_per_byte,
        base_held_out_bits_per_byte=2.0,
        drafts=200,
        exact_copies=0,
        near_copies=0,
        distinct_2=0.9,
        tweets=150,
        length_divergence=0.1,
        emoji_divergence=0.1,
        accounts=1,
        previous=previous,
    ).as_json()


def done(**result: Any) -> str:
    return news(replace(JOB, result={"event": "done", "version": "v2", "kept": 1234, **result}))


def test_a_new_version_is_told_with_before_and_after_three_samples_and_how_to_try_it() -> None:
    told = done(
        report=report(1.5),
        before={"version": "v1", "held_out_bits_per_byte": 2.0},
        samples=["a", "b", "c", "d"],
    )
    assert told.split("\n") == [
        "ann v2 is in use, learned from 1,234 tweets.",
        "Fair: it has picked up the words and topics; a larger model to begin with would help most.",
        "It foresees tweets that it had never seen 25% better than v1 did.",
        "• a",
        "• b",
        "• c",
        "Try it: /tweetlike user:ann",
    ]


def test_what_could_not_be_read_of_the_files_is_said() -> None:
    note = "tweets.csv: 2 of 9 dates could not be read, such as soon."
    assert done(notes=[note]).split("\n")[1] == note


def test_before_is_on_the_same_tweets_where_the_pipeline_measured_it() -> None:
    measured = report(1.5, previous=Comparison("v1", 1.7, -0.2, 0.01))
    assert "12% better than v1 did" in done(report=measured, before={"version": "v1", "held_out_bits_per_byte": 1.6})


def test_a_first_version_has_no_before() -> None:
    told = done(report=report(1.5), before=None)
    assert "than v1 did" not in told
    assert told.endswith("\nTry it: /tweetlike user:ann")


def test_a_result_without_a_report_has_no_verdict() -> None:
    assert done() == "ann v2 is in use, learned from 1,234 tweets.\nTry it: /tweetlike user:ann"


def test_the_end_of_a_training_says_how_good_the_voice_is() -> None:
    assert done(report=report(1.8), kept=200).split("\n")[1] == (
        "Fair: it has picked up the words and topics, but its sentences often lose the thread; "
        "more tweets would help most."
    )
    refused = {"in_use": False, "why_not": "Not used, because it repeats 3 tweets."}
    assert done(**refused, report=report(1.99)).split("\n")[1].startswith("Faint: ")


def test_what_is_foreseen_stands_below_how_far_a_training_is() -> None:
    job = replace(JOB, state="running", stage="train", percent=12)
    assert under_way(job) == "ann: learning, 12 %."
    foreseen = replace(job, options={"foreseen": "These tweets are mostly Spanish (82%)."})
    assert under_way(foreseen) == "ann: learning, 12 %.\nThese tweets are mostly Spanish (82%)."


def test_a_version_that_the_gate_refused_says_why_with_samples_and_what_can_be_done() -> None:
    refused = {"in_use": False, "why_not": "Not used, because it repeats 3 tweets.", "samples": ["a"]}
    assert done(**refused, before={"version": "v1"}).split("\n") == [
        "ann v2 was learned. Not used, because it repeats 3 tweets.",
        "• a",
        "Try v1, which stays in use: /tweetlike user:ann",
        "To put it in use anyway: /promote name:ann version:v2",
    ]
    assert done(**refused).endswith("\nTo put it in use anyway: /promote name:ann version:v2")


def test_who_may_not_be_imitated_is_not_quoted() -> None:
    job = replace(JOB, result={"event": "done", "version": "v2", "kept": 1, "samples": ["a"]})
    assert "• a" in news(job)
    assert "• a" not in news(job, quoting=False)


def test_nothing_new_a_failure_and_a_cancelled_training_say_why_and_what_is_next() -> None:
    skipped = replace(JOB, result={"event": "skipped", "why": "3 new tweets are fewer than 20."})
    assert news(skipped) == (
        "ann stays as it is. 3 new tweets are fewer than 20.\nTry what it knows: /tweetlike user:ann"
    )
    failed = news(replace(JOB, state="failed", result=None, error="The disk is full."))
    assert failed.startswith("The training of ann gave nothing: The disk is full.\n")
    assert "/retrain starts again" in failed
    cancelled = news(replace(JOB, state="cancelled", result=None))
    assert cancelled.startswith("The training of ann was cancelled.\n")
    assert "/retrain starts again" in cancelled


def test_how_far_a_training_is_is_said_in_words() -> None:
    assert outcome(replace(JOB, state="waiting")) == "ann: waits for its turn."
    assert outcome(replace(JOB, state="running", stage="evaluate", percent=88)) == (
        "ann: testing what it learned, 88 %."
    )
    assert set(STAGES) == {*events.STAGES, BASE}

"""What is noted of a training that runs, and how the time that is left is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.trainings.heard import Heard
from bot.trainings.prospects import foreseen, prospects, time_left
from huggingtweets.core.events import Progress
from huggingtweets.core.text.phrases import Phrase
from tests.bot.trainings.test_news import JOB

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = replace(JOB, state="running", options={"tell": True})


def noted(seconds_left: float | None, now: datetime = NOW, **before: Any) -> dict[str, Any]:
    job = replace(RUNNING, options={**RUNNING.options, **before})
    return dict(prospects(job, "", seconds_left, now))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, ""),
        (1.0, "less than a minute left"),
        (60.0, "less than a minute left"),
        (61.0, "about 2 min left"),
        (5_400.0, "about 90 min left"),
    ],
)
def test_the_time_left_is_told_in_minutes(seconds: float, told: str) -> None:
    assert time_left(replace(RUNNING, options=noted(seconds)), NOW) == told


def test_nothing_is_told_that_nobody_knows() -> None:
    assert noted(None) == {"tell": True}
    assert time_left(RUNNING, NOW) == ""
    assert time_left(replace(RUNNING, options=noted(60.0)), NOW + timedelta(minutes=2)) == "", "it takes longer"
    assert time_left(replace(RUNNING, state="waiting", options=noted(60.0)), NOW) == ""


def test_an_end_is_noted_anew_only_if_it_differs() -> None:
    first = noted(100.0)
    later = NOW + timedelta(seconds=10)
    assert noted(95.0, later, ends_at=first["ends_at"]) == first
    assert noted(200.0, later, ends_at=first["ends_at"])["ends_at"] > first["ends_at"]


def test_what_is_foreseen_is_noted() -> None:
    options = prospects(RUNNING, Phrase("That is plenty."), None, NOW)
    assert foreseen(replace(RUNNING, options=dict(options))) == "That is plenty."


def test_how_far_it_is_and_how_long_it_takes_is_what_the_training_says() -> None:
    heard = Heard()
    heard.hear(Progress("train", 3, 10, percent=41.7, seconds_left=90.0))
    assert (heard.stage, heard.percent, heard.seconds_left) == ("train", 41, 90.0)
    heard.hear(Progress("register", percent=100.0, seconds_left=0.0))
    assert heard.percent == 99, "it ends when its process has ended"


def test_a_training_that_goes_on_elsewhere_does_not_fall_back() -> None:
    heard = Heard()
    heard.hear(Progress("train", 5, 10, percent=60.0, seconds_left=90.0))
    heard.hear(Progress("collect", percent=1.0))
    assert (heard.stage, heard.percent, heard.seconds_left) == ("train", 60, None)
    heard.hear(Progress("train", 6, 10, percent=61.0, seconds_left=80.0))
    assert (heard.percent, heard.seconds_left) == (61, 80.0)

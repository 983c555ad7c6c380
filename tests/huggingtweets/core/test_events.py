"""An event is one line that comes back as what it was, and nothing else passes for an event."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.events import Done, Event, Failed, Progress, Skipped, failed, read_event, skipped, write_event
from huggingtweets.core.records import Comparison, Report
from huggingtweets.core.text.phrases import Phrase

REPORT = Report(40, 1.5, 2.0, 200, 0, 1, 0.9, 150, 0.1, 0.1, 1, previous=Comparison("v1", 1.7, -0.2, 0.01))
DONE = Done(
    name="ann", version="v2", downloaded=250, retweets=10, short=10, kept=230, report=REPORT, in_use=False,
    why_not="Not used, because it repeats.", samples=("a 🚀", "b\nc"), notes=("n",), seconds=1.5, peak_memory_mb=7,
)  # fmt: skip


def line_of(event: Event) -> str:
    out = io.StringIO()
    write_event(event, out)
    line = out.getvalue()
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize(
    "event",
    [
        Progress("train", 3, 7, {"loss": 1.5, "best_held_out_loss": None}),
        Progress("clean", facts={"kept": 5}, warning="few"),
        Progress("clean", foreseen="That is plenty."),
        Progress("train", 3, 7, {"loss": 1.5}, percent=41.7, seconds_left=0.0),
        DONE,
        Done(version="v1"),
        Skipped(name="ann", new=3, why="3 new tweets are fewer than 20."),
        Failed(for_people="The disk is full."),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_comes_back_as_it_was_written(event: Event) -> None:
    assert read_event(line_of(event)) == event


@given(st.text(alphabet=st.characters()))
def test_any_text_comes_back_also_half_a_surrogate_pair(text: str) -> None:
    line = line_of(Failed(for_people=text)).encode().decode()
    assert read_event(line) == Failed(for_people=text)


def test_the_form_of_a_line_is_what_programs_rely_on() -> None:
    progress = json.loads(line_of(Progress("train", 3, 7, {"loss": 1.5}, "slow")))
    assert progress == {"event": "progress", "stage": "train", "done": 3, "total": 7, "loss": 1.5, "warning": "slow"}
    done = json.loads(line_of(DONE))
    assert (done["event"], done["kept"], done["report"]["previous"]["version"]) == ("done", 230, "v1")
    assert done["samples"] == ["a 🚀", "b\nc"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        "{}",
        '{"event": "cheer"}',
        '{"event": ["progress"]}',
        '{"event": "progress"}',
        '{"event": "progress", "stage": "train", "done": "many"}',
        '{"event": "done"}',
        '{"event": "done", "version": "v1", "report": {}}',
        "[" * 100_000,
        "Loading weights: 100%",
    ],
)
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(line)


def test_more_than_is_known_of_an_event_is_passed_over() -> None:
    assert read_event('{"event": "skipped", "why": "w", "since": "v2"}') == Skipped(why="w")


def test_what_people_are_told_can_be_said_in_other_languages_on_the_other_side() -> None:
    why = Phrase("{name} has {new:,} new tweets", name="ann", new=1_234)
    for event in (failed(why), skipped("ann", 1_234, why)):
        told = read_event(line_of(event))
        assert isinstance(told, Failed | Skipped)
        assert (told.reason, told.reason.template, told.reason.values) == (why, why.template, why.values)
    foreseen = read_event(line_of(Progress("clean", foreseen=why)))
    assert isinstance(foreseen, Progress)
    assert isinstance(foreseen.foreseen, Phrase)
    assert foreseen.foreseen.template == why.template
    assert Failed(for_people="The disk is full.", phrase={"template": "{"}).reason == "The disk is full."


def test_printed_progress_is_a_line_for_people() -> None:
    measured = Progress("evaluate", 34, 100, {"sense": {"told_apart": 0.9}}, percent=67.81, seconds_left=232.0)
    assert str(measured) == "68 %, evaluate 34 of 100, about 4 min left"
    assert str(Progress("base", 12, 93, {"unit": "MB"})) == "base 12 of 93 MB"
    foreseen = Progress("clean", warning="15,245 characters are few.", foreseen="The voice will be faint.", percent=0.6)
    assert str(foreseen) == "1 %, clean. The voice will be faint."
    assert str(Progress("register", percent=100.0, seconds_left=0.0)) == "100 %, register"

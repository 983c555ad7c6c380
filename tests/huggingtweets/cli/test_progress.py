"""Progress is shown without flooding, and its end is never left out."""

import io
import json
import re

import pytest

from huggingtweets.cli.progress import Bars, JsonLines
from huggingtweets.core.events import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_lines_are_few_and_hold_every_end() -> None:
    out = io.StringIO()
    with JsonLines(out) as say:
        for done in range(1, 1_001):
            say(Progress("train", done, 1_000, {"loss": 1.5}))
        say(Progress("evaluate"))
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(rows) < 100
    assert rows[0] == {"event": "progress", "stage": "train", "done": 1, "total": 1_000, "loss": 1.5}
    assert rows[-2]["done"] == 1_000
    assert rows[-1]["stage"] == "evaluate"


def test_a_warning_stands_in_the_json() -> None:
    out = io.StringIO()
    JsonLines(out)(Progress("clean", warning="few"))
    assert json.loads(out.getvalue())["warning"] == "few"


def test_what_is_foreseen_is_said_unless_a_warning_says_more() -> None:
    out = io.StringIO()
    with Bars(out) as say:
        say(Progress("clean", foreseen="That is plenty."))
        say(Progress("clean", warning="These are Spanish.", foreseen="That is plenty."))
    assert out.getvalue().splitlines()[::2] == ["That is plenty.", "Warning: These are Spanish."]


def test_away_from_a_terminal_a_stage_is_one_line_when_it_has_ended() -> None:
    out = io.StringIO()
    with Bars(out) as say:
        say(Progress("train", 1, 2, {"loss": 1.0}))
        say(Progress("train", 2, 2, {"loss": 0.123456, "tokens_per_second": 12_345, "note": "[b]é[/b]" + "x" * 200}))
        say(Progress("clean", warning="only [10] characters " * 8))
    first, *others = out.getvalue().splitlines()
    assert first == "train: loss 0.123, tokens per second 12,345, note [b]é[/b]" + "x" * 200
    assert "".join(others).startswith("Warning: only [10] characters")
    assert others[-1] == "clean: done"
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_each_stage_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "160")
    out = Terminal()
    with Bars(out) as say:
        for done in (1, 2, 3):
            say(Progress("train", done, 3, {"loss": 0.5}))
        say(Progress("evaluate", facts={"drafts": 50}))
    shown = out.getvalue()
    assert "3/3" in shown
    assert "loss 0.500" in shown
    assert "drafts 50" in shown


def test_above_the_stages_of_a_training_stands_how_far_the_whole_is_and_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    with Bars(out) as say:
        say(Progress("clean", facts={"kept": 439}, percent=3.2))
        say(Progress("train", 55, 234, {"loss": 0.5}, percent=43.9, seconds_left=170.0))
    shown = re.sub(r"\x1b\[[?\d;]*\w", "", out.getvalue()).splitlines()
    whole = [line for line in shown if line.startswith("training")][-1]
    assert re.fullmatch(r"training  ━+[╸╺]?━* +43 % +about 3 min left *", whole)
    assert "55/234" in shown[shown.index(whole) + 2]


def test_the_bar_and_the_time_left_keep_their_place_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    with Bars(out) as say:
        say(
            Progress("clean", facts={"downloaded": 482, "retweets": 28, "short": 15, "kept": 439, "characters": 56_696})
        )
    shown = re.sub(r"\x1b\[[?\d;]*\w", "", out.getvalue())
    line = next(line for line in shown.splitlines() if "1/1" in line)
    assert line.startswith("clean")
    assert "━" * 16 in line
    assert "downloaded 482" in line
    assert len(line) <= 80


def test_a_figure_that_is_not_known_yet_is_not_shown() -> None:
    out = io.StringIO()
    with Bars(out) as say:
        say(Progress("train", facts={"loss": 1.0, "held_out_loss": None}))
    assert out.getvalue() == "train: loss 1.000\n"


def test_what_is_counted_stands_behind_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    out, terminal = io.StringIO(), Terminal()
    for shown in (out, terminal):
        with Bars(shown) as say:
            say(Progress("backup", 1_200, 1_200, {"unit": "MB"}))
    assert out.getvalue() == "backup: 1,200 MB\n"
    assert "1200/1200 MB" in terminal.getvalue()
    assert "unit" not in terminal.getvalue()


def test_people_are_shown_no_notation_of_python() -> None:
    out = io.StringIO()
    facts = {"in_use": True, "sense": {"tweets": 12}, "samples": ["the fog is thick"], "words": ["fog", "mr"]}
    with Bars(out) as say:
        say(Progress("register", facts=facts))
        say(Progress("card"))
    assert out.getvalue() == "register: in use yes, words fog mr\ncard: done\n"

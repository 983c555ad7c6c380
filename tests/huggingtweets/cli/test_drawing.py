"""Tweets are drawn as text and as JSON, from voices, blends and previews."""

import io
import json
import os
import pty
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.huggingtweets.cli.running import Run, sentence


def test_tweets_are_drawn_as_text_and_as_json(run: Run, trained_config: Path) -> None:
    code, out, _ = run("generate", "ann", "the crew", "-n", 2, "--seed", 5, "--config", trained_config)
    assert code == 0
    texts = out.splitlines()
    assert len(texts) == 2
    _, out, _ = run("generate", "ann", "the crew", "-n", 2, "--seed", 5, "--json", "--config", trained_config)
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in rows] == texts
    assert {(row["model"], row["version"], row["seed"]) for row in rows} == {("ann", "v1", 5)}


def test_options_of_drawing_are_those_of_the_api(run: Run, trained_config: Path) -> None:
    def drawn(*options: object) -> str:
        code, out, _ = run("generate", "ann", "-n", 2, "--seed", 5, *options, "--config", trained_config)
        assert code == 0
        return str(out)

    usual = drawn()
    for options in (("--reply-to", "is the fog thick?"), ("--temperature", 0.5), ("--length", "longer")):
        assert drawn(*options) != usual, options
        assert drawn(*options) == drawn(*options)
    assert "281" in sentence(run("generate", "ann", "--reply-to", "x" * 281, "--config", trained_config), 64)
    code, _, err = run("generate", "ann", "--temperature", 2, "--config", trained_config)
    assert (code, "0.5<=x<=1.5" in err) == (64, True)


def test_a_blend_is_drawn_under_the_name_it_was_given(run: Run, trained_config: Path) -> None:
    code, out, _ = run("generate", "0.5*ann+.25*@Ann", "-n", 1, "--seed", 5, "--json", "--config", trained_config)
    assert code == 0
    assert json.loads(out)["model"] == "0.75*ann"
    assert "is not a weight" in sentence(run("generate", "x*ann", "--config", trained_config), 64)


def test_a_slip_in_a_name_is_asked_about(run: Run, trained_config: Path) -> None:
    said = sentence(run("generate", "anm", "--config", trained_config), 69)
    assert "There is no model of anm yet. Did you mean ann? huggingtweets train anm --from FILE makes one" in said
    assert "Did you mean ann?" in sentence(run("generate", "annn+ann", "--config", trained_config), 69)
    code, out, _ = run("generate", "Ann,", "-n", 1, "--seed", 5, "--config", trained_config)
    assert (code, len(out.splitlines())) == (0, 1)


def test_a_prompt_without_a_tweet_is_code_69(run: Run, trained_config: Path) -> None:
    assert "too long" in sentence(run("generate", "ann", "x" * 2_000, "--config", trained_config), 69)


def test_too_many_tweets_are_code_64(run: Run, trained_config: Path) -> None:
    assert "ask for 1 to 50" in sentence(run("generate", "ann", "-n", 51, "--config", trained_config), 64)


def test_fewer_tweets_than_asked_are_told(run: Run, trained_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingtweets.generation.writer.SPARE_DRAFTS", 0)
    trained_config.write_text(trained_config.read_text() + "max_rounds = 1\ntemperature = 30\n")
    code, out, err = run("generate", "ann", "-n", 50, "--seed", 1, "--config", trained_config)
    assert code == 0
    assert 0 < len(out.splitlines()) < 50
    assert err.startswith(f"Only {len(out.splitlines())} of 50 this time: my other drafts broke off, ")


def test_a_preview_needs_no_training(run: Run, config: Path, sample_file: Path) -> None:
    arguments = ["generate", "--preview", "ann", "the crew", "-n", 2, "--seed", 5, "--config", config]
    code, out, _ = run(*arguments, "--from", sample_file, "--json")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["model"], row["version"]) for row in rows] == [("ann", "preview")] * 2
    assert all(row["text"].startswith("the crew") for row in rows)
    assert not TweetStore(config.parent / "data" / "tweets").tweets("ann"), "nothing is kept of it"
    assert "There are no tweets of ann to begin with" in sentence(run(*arguments), 69)
    assert "--from belongs to --preview" in sentence(run("generate", "ann", "--from", "x", "--config", config), 64)


def test_a_terminal_shows_that_it_is_alive_and_a_pipe_gets_tweets_alone(
    run: Run, trained_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with ThreadPoolExecutor(1) as thread, os.fdopen(ours, "rb", buffering=0) as screen:
        shown = thread.submit(shown_on, screen)  # a screen that nobody reads stops whoever writes
        with os.fdopen(theirs, "w") as terminal:
            monkeypatch.setattr(sys, "stderr", terminal)
            code, out, _ = run("generate", "ann", "-n", 1, "--config", trained_config)
        assert "Writing like ann" in shown.result()
    assert (code, len(out.splitlines())) == (0, 1)
    assert "Writing like" not in out


def shown_on(screen: io.RawIOBase) -> str:
    """All that is shown until the terminal is closed."""
    text = b""
    with suppress(OSError):  # Linux ends a closed terminal with an error
        while part := screen.read(1_000):
            text += part
    return text.decode()

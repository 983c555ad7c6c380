"""Versions are listed and measured."""

import json
import re
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.cli.running import Run


def test_models_are_listed(run: Run, trained_config: Path, tiny_base: Path) -> None:
    _, out, _ = run("models", "--config", trained_config)
    header, row = (re.split(r"  +", line.strip()) for line in out.splitlines())
    assert header == ["voice", "version", "base", "learned on", "how good"]
    assert row[:3] == ["ann", "v1", tiny_base.name]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row[3])
    assert row[4] in ("faint", "fair")
    _, out, _ = run("models", "--json", "--config", trained_config)
    assert json.loads(out).items() >= {"name": "ann", "version": "v1", "method": "lora", "versions": ["v1"]}.items()
    assert ": it has picked up " in json.loads(out)["verdict"]


def test_without_a_voice_the_list_says_how_to_get_one(run: Run, config: Path) -> None:
    assert run("models", "--config", config)[1].startswith("There is no voice yet. Learn one: huggingtweets train")


def test_a_version_is_measured(
    run: Run, trained_config: Path, trained: tuple[Settings, Outcome], tiny_base: Path
) -> None:
    code, out, _ = run("evaluate", "ann", "--json", "--config", trained_config)
    assert code == 0
    report = trained[1].report
    assert json.loads(out)["held_out_bits_per_byte"] == pytest.approx(report.held_out_bits_per_byte, rel=1e-4)
    _, out, _ = run("evaluate", "ann", "--config", trained_config)
    title, how_good, gate, *rows = out.splitlines()
    header, first = rows[rows.index("") + 1 :][:2]
    assert title == f"ann v1, on {tiny_base.name}"
    assert ": it has picked up " in how_good
    assert gate == "It may be used." or gate.startswith("Not used, because ")
    assert re.split("  +", header.strip()) == ["figure", "value", "what it says"]
    assert re.split("  +", first)[:2] == ["bits a byte", f"{report.held_out_bits_per_byte:.3f}"]
    assert report.sense
    assert re.search(r"^told apart +\d+% \(\d+% to \d+%\)", out, re.MULTILINE)
    assert f"another model ({report.sense.judge}) finds them" in out


def test_a_version_that_did_not_pass_is_listed_with_its_reason(run: Run, config: Path, sample_file: Path) -> None:
    run("train", "ann", "--from", sample_file, "--config", config)
    config.write_text(config.read_text().replace("max_near_copies = 1.0", "max_near_copies = 0.0"))
    code, out, _ = run("train", "ann", "--config", config)
    assert code == 0
    assert "ann v2 is ready, but kept out of use" in out
    assert "Not used, because" in out
    _, out, _ = run("models", "--config", config)
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["ann", "v1"], ["ann", "v2"]], "a row is one line"
    assert "tweets drawn as a test are nearly a real tweet" in out
    _, out, _ = run("models", "--json", "--config", config)
    assert list(json.loads(out)["rejected"]) == ["v2"]
    _, out, _ = run("evaluate", "ann", "--version", "v2", "--config", config)
    assert "\nagainst v1 " in out
    assert "\nNot used, because" in out

"""RESULTS.md says what the files of results hold, and the run of all benchmarks goes on where it was."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from benchmarks import all as every
from benchmarks import results, runs
from benchmarks.all import STEPS, Step


def test_the_page_is_the_one_that_the_files_give() -> None:
    assert (results.HERE / "RESULTS.md").read_text(encoding="utf-8") == results.document(), (
        "run: python -m benchmarks.results"
    )


def test_medians_ratios_and_the_distance_to_the_bound_are_worked_out(tmp_path: Path) -> None:
    run = {"seconds": 1.0, "tokens_per_second": 100.0, "peak_mb": 100.0}
    slow = {"seconds": 8.0, "tokens_per_second": 50.0, "peak_mb": 400.0}
    facts = {
        "rounds": 3,
        "base": {"original": slow, "adapter": run},
        "124M": {"original": slow, "adapter": run},
        "ratios": {"adapter_sooner": 8.0, "full_sooner": 7.0},
        "products": {"float32": 124e6 * 4 * 100 / 0.25},
    }
    (tmp_path / "training.json").write_text(json.dumps(facts))
    rows = [
        {"candidates": 4, "accuracy": share, "near_copies": 0.0, "distinct_2": 0.5, "characters": 80}
        for share in (0.7, 0.9, 0.8)
    ]
    (tmp_path / "selection.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    runs.note("training.json", 61.2, tmp_path / "runs.json")
    page = results.document(tmp_path)
    assert "| adapter | 1.0 | 100 | 100 MB | 2.0 | 25% |" in page
    assert "- 124M, adapter: 25% of what products of matrices" in page
    assert "| 4 | 3 | 0.8 | 0 | 0.5 | 80 |" in page
    assert f"Machine: {runs.machine()}." in page
    assert "Machine: not noted. Source: [selection.jsonl]" in page
    assert "Generation" not in page


def test_every_step_is_a_benchmark_and_every_result_is_on_the_page() -> None:
    assert all(importlib.util.find_spec(f"benchmarks.{step.name}") for step in STEPS)
    left = {name for step in STEPS for name in step.leaves if name.endswith((".json", ".jsonl"))}
    assert left == {file for _, file, _ in results.SECTIONS}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results in a folder of this test, and a step that counts how often it was run."""
    monkeypatch.setattr(every, "HERE", tmp_path)
    monkeypatch.setattr(every, "ROOT", tmp_path)
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs.json")
    monkeypatch.setattr(runs.note, "__defaults__", (tmp_path / "runs.json",))
    package = tmp_path / "benchmarks"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "counted.py").write_text(
        "import sys; from pathlib import Path\n"
        "times = Path(sys.argv[1]); times.write_text(times.read_text() + 'x' if times.exists() else 'x')\n"
        "if len(times.read_text()) == 1: sys.exit(1)\n"
        "print('{}')\n"
    )
    return tmp_path


def test_a_step_that_failed_goes_on_and_one_that_ended_is_passed_over(folder: Path) -> None:
    step = Step("counted", ("WORK/times",), ("out.json",), (), prints="out.json")
    (folder / "out.json").write_text("old")
    work = folder / "work"
    with pytest.raises(Exception, match="returned non-zero"):
        every.run(step, None, work)
    assert not (folder / "out.json").exists()
    assert (work / "counted" / "before" / "out.json").read_text() == "old"
    every.run(step, None, work)
    every.run(step, None, work)
    assert (work / "counted" / "times").read_text() == "xx"
    assert (folder / "out.json").read_text() == "{}\n"
    assert json.loads((folder / "runs.json").read_text())["out.json"]["machine"] == runs.machine()


def test_what_needs_tweets_is_left_out_without_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every.main(["--only", "amount,sampling", "--work", str(folder / "work")])
    assert capsys.readouterr().out.count("left out, it needs --tweets FOLDER") == 2
    with pytest.raises(SystemExit):
        every.main(["--only", "nothing"])


def test_the_files_of_the_accounts_are_given(tmp_path: Path) -> None:
    for name in ("nasa.csv", "dril.jsonl", "other.csv"):
        (tmp_path / name).touch()
    command = Step("amount", ("FILES",), (), ()).command(tmp_path, tmp_path)
    assert command == [
        sys.executable,
        "-m",
        "benchmarks.amount",
        str(tmp_path / "dril.jsonl"),
        str(tmp_path / "nasa.csv"),
    ]

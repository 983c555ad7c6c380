"""`python -m benchmarks.all --tweets FOLDER`: every figure and picture of README.md and of this folder, in one run.

FOLDER has one file of tweets for each account: nasa, dril, neiltyson and others. Without it, what needs real accounts
is left out. A step that has ended is passed over when this is started again, and so is what a step has kept of its
own, so the run can be stopped at any moment. `--again STEP` makes one anew. It takes many hours. At the end RESULTS.md
is made.

Knows the steps, their order and what each leaves. Does not know how anything is measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks import miniature, runs
from benchmarks.results import document

HERE = Path(__file__).parent
ROOT = HERE.parent
ACCOUNTS = ("nasa", "dril", "neiltyson")
QUICK_SECONDS = 1_800  # after which a step in miniature counts as hung, also where much else is computed


@dataclass(frozen=True)
class Step:
    """One benchmark. In its arguments `FOLDER` and `FILES` stand for the tweets, `FIRST` for the first of the files,
    `WORK` for a folder of its own, and `BENCH` for the folder of all steps. `quick` are its arguments in miniature.

    `leaves` are the files with its results, in this folder. Those of the run before are moved away when it begins.
    `prints` is the one of them that its stdout is written to. `after` is the step whose voices it needs. Without
    `package` it is left out.
    """

    name: str
    arguments: tuple[str, ...]
    leaves: tuple[str, ...]
    quick: tuple[str, ...]
    prints: str = ""
    after: str = ""
    package: str = ""

    @property
    def needs_tweets(self) -> bool:
        return bool(self.after or {"FOLDER", "FILES"} & set(self.arguments))

    def command(self, tweets: Path | None, work: Path, *, quick: bool = False) -> list[str]:
        """What is run."""
        command = [sys.executable, "-m", f"benchmarks.{self.name}"]
        for argument in self.quick if quick else self.arguments:
            if argument in ("FILES", "FIRST"):
                assert tweets
                files = files_of(tweets)
                command += [str(file) for file in (files if argument == "FILES" else files[:1])]
            else:
                command.append(
                    argument.replace("FOLDER", str(tweets))
                    .replace("WORK", str(work))
                    .replace("BENCH", str(work.parent))
                )
        return command


STEPS = (
    Step(
        "generation",
        ("--models", "embedded,124M,smollm2", "--rounds", "3", "--resume", "WORK/figures.json", "--write"),
        ("generation.json", "generation.png"),
        quick=("--quick", "--rounds", "1", "--tokens", "12", "--write"),
    ),
    Step("latency", (), ("latency.json",), quick=("--requests", "2", "--at-once", "4", "--voices", "2")),
    Step("training", (), ("training.json",), quick=("--quick", "--tweets", "40"), prints="training.json"),
    Step(
        "api",
        ("--json",),
        ("api.json",),
        quick=("--clients", "4", "--voices", "2", "--requests", "1", "--rounds", "1", "--json"),
    ),
    Step("replicas", (), ("replicas.json",), quick=("--seconds", "1"), package="ray"),
    Step(
        "adapter_or_full",
        ("FILES",),
        ("adapter_or_full.jsonl",),
        quick=("FIRST", "--seeds", "1", "--tweets", "60"),
    ),
    Step("amount", ("FILES",), ("amount.jsonl",), quick=("FIRST", "--tweets", "40")),
    Step(
        "replies",
        ("--tweets", "FOLDER", "--base", "smollm2"),
        ("replies.jsonl",),
        quick=(
            *("--tweets", "FOLDER", "--base", "models/base", "--accounts", ACCOUNTS[0]),
            *("--held-out", "0.5", "--max-tokens", "2000"),
        ),
    ),
    Step(
        "fidelity",
        ("--tweets", "FOLDER", "--work", "WORK"),
        ("fidelity.json", "fidelity.md"),
        quick=(
            *("--tweets", "FOLDER", "--work", "WORK", "--accounts", ",".join(ACCOUNTS[:2])),
            *("--latest", "120", "--drafts", "30", "--epochs", "1", "--without-original"),
        ),
        package="markovify",
    ),
    Step(
        "sense",
        ("--tweets", "FOLDER", "--base", "smollm2", "--without-original"),
        ("sense.jsonl", "sense.md"),
        quick=(
            *("--tweets", "FOLDER", "--base", "models/base", "--without-original"),
            *("--accounts", ACCOUNTS[0], "--latest", "120", "--drafts", "30", "--epochs", "1", "--work", "WORK"),
        ),
        package="markovify",
    ),
    Step(
        "selection",
        ("FOLDER", "--base", "models/base", "--work", "WORK"),
        ("selection.jsonl",),
        quick=(
            *("FOLDER", "--base", "models/base", "--work", "WORK"),
            *("--accounts", ACCOUNTS[0], "--latest", "120", "--aside", "60", "--answers", "4", "--epochs", "1"),
        ),
    ),
    Step(
        "sampling",
        ("--models", "BENCH/selection/base/models"),
        ("sampling.jsonl",),
        quick=("--models", "BENCH/selection/base/models", "--settings", "2"),
        after="selection",
    ),
    Step("pictures", (), (), quick=()),  # it writes into docs/
)
# Scripts that make no figure of the tables. Each says why it is not a step.
BY_HAND = {
    "base_model": "measures a base that somebody has trained",
    "cluster_simulation": "computes how far a cluster scales, for docs/scale.md",
    "generation_gpu": "needs a GPU",
    "phases": "shows where a step of the kernels spends its time, for whoever changes them",
    "results": "makes RESULTS.md, which this does at its end",
    "service_times": "measures what the simulation of a cluster needs",
    "rounding": "measures what rounding a voice costs, for whoever changes the kernels",
    "voice_gpu": "needs a GPU",
}


def files_of(tweets: Path) -> list[Path]:
    """The files of the accounts that the tables of README.md have."""
    return [file for file in sorted(tweets.iterdir()) if file.stem.lower() in ACCOUNTS]


def run(step: Step, tweets: Path | None, work: Path, *, quick: bool = False) -> None:
    """Run one step, unless it has ended already. Results from before this run are moved away first."""
    folder = work / step.name
    if (folder / "done").exists():
        print(f"{step.name}: it has been done")
        return
    if not (folder / "begun").exists():
        (folder / "before").mkdir(parents=True, exist_ok=True)
        for name in step.leaves:
            if (HERE / name).exists():
                shutil.move(HERE / name, folder / "before" / name)
        (folder / "begun").touch()
    print(f"{step.name}: begins", flush=True)
    began, computed = time.monotonic(), _computed_seconds()
    printed = _output(step.command(tweets, folder, quick=quick), QUICK_SECONDS if quick else None, bool(step.prints))
    computed = _computed_seconds() - computed
    print(f"{step.name}: took {time.monotonic() - began:.0f} s, {computed:.0f} s of processors", flush=True)
    if step.prints:
        (HERE / step.prints).write_text(printed, encoding="utf-8")
    for name in step.leaves:
        runs.note(name, time.monotonic() - began)
    (folder / "done").touch()


def _output(command: Sequence[str], seconds: float | None, is_kept: bool) -> str:
    """Run a command. Returns what it prints if that `is_kept`. What it has started ends with it, also if it hangs."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE if is_kept else None, text=True)
    try:
        printed, _ = process.communicate(timeout=seconds)
    except BaseException:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed or ""


def _computed_seconds() -> float:
    """What the processors have computed for all commands that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=Path, help="a folder with one file of tweets an account")
    parser.add_argument("--only", help="these steps, with commas between")
    parser.add_argument("--again", action="append", default=[], help="make this step anew")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--quick", action="store_true", help="all in miniature, elsewhere: is a script broken?")
    parser.add_argument("--in-miniature", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    only = options.only.split(",") if options.only else [step.name for step in STEPS]
    if unknown := {*only, *options.again} - {step.name for step in STEPS}:
        parser.error(f"there is no step {', '.join(sorted(unknown))}")
    if options.quick:
        _in_miniature(only)
        return
    for name in options.again:
        shutil.rmtree(options.work / name, ignore_errors=True)
    for step in STEPS:
        if step.name not in only:
            continue
        if step.needs_tweets and not options.tweets:
            print(f"{step.name}: left out, it needs --tweets FOLDER")
        elif step.package and not find_spec(step.package):
            print(f"{step.name}: left out, it needs the package {step.package}, which `make bench` installs")
        else:
            run(step, options.tweets, options.work, quick=options.in_miniature)
    (HERE / "RESULTS.md").write_text(document(), encoding="utf-8")


def _in_miniature(only: Sequence[str]) -> None:
    """Run the steps in a copy of this folder. Raises `CalledProcessError` if one fails."""
    with miniature.place(ACCOUNTS) as (root, tweets):
        command = [sys.executable, "-m", "benchmarks.all", "--in-miniature", "--only", ",".join(only)]
        subprocess.run([*command, "--tweets", str(tweets)], cwd=root, check=True)
        print((root / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

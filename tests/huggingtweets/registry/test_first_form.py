"""Versions in the first form that was released still load, write, are promoted, learned on and forgotten.

`first_form/` was made by the software of November 2026: a base of width 16, and two versions of a made-up account.
Cards and pictures were left out. Do not make it anew: it stands for what people have on their disks.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.registry.versions import Registry
from tests.huggingtweets.cli.conftest import run  # noqa: F401  a fixture
from tests.huggingtweets.cli.running import Run

FIRST_FORM = Path(__file__).parent / "first_form"
CONFIG = """
[training]
base = "base"
threads = 1
min_characters = 500
max_epochs = 1
batch_tokens = 512
lora_rank = 1
lora_embedding_rank = 1
[gate]
drafts = 8
max_exact_copies = 8
max_near_copies = 1.0
noise_standard_errors = 50.0
max_worse = 1.0
[tracking]
tracker = "none"
[generation]
threads = 1
max_new_tokens = 40
"""

Command = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(FIRST_FORM, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def command(home: Path, run: Run) -> Command:  # noqa: F811
    """Runs a command and returns what it prints."""

    def printed(*arguments: str) -> str:
        code, out, err = run(*arguments, "--config", home / "config.toml")
        assert code == 0, err
        return out

    return printed


def rows(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_they_are_listed_and_their_cards_are_written(command: Command) -> None:
    assert rows(command("models", "--json")) == [
        {
            "name": "ann",
            "version": "v2",
            "base": "base",
            "method": "lora",
            "created": "2026-11-28T21:47:33+00:00",
            "strength": "faint",
            "verdict": "Faint: it has picked up little of how they write, and its sentences often lose the thread; "
            "more tweets would help most.",
            "versions": ["v1", "v2"],
            "rejected": {},
        }
    ]
    card = command("card", "ann")
    for figure in ("| 120 |", "2.404", "2.405", "My dream is", "Ann O'Nymous"):
        assert figure in card


def test_they_write_and_are_promoted(command: Command) -> None:
    drawn = rows(command("generate", "ann", "the", "-n", "2", "--seed", "1", "--json"))
    assert [(row["model"], row["version"]) for row in drawn] == [("ann", "v2")] * 2
    assert command("promote", "ann", "v1") == "ann v1 is in use.\n"
    older = rows(command("generate", "ann", "the", "-n", "2", "--seed", "1", "--json"))
    assert [(row["model"], row["version"]) for row in older] == [("ann", "v1")] * 2
    assert {row["text"] for row in older} != {row["text"] for row in drawn}


@pytest.mark.parametrize(("layers", "start"), [("auto", "v2"), ("feed-forward", None)])
def test_the_next_version_goes_on_from_them_where_it_adapts_the_same_layers(
    command: Command, home: Path, layers: str, start: str | None
) -> None:
    (home / "config.toml").write_text(CONFIG.replace("lora_rank", f'lora_layers = "{layers}"\nlora_rank'))
    tweet = {"id": "2000", "text": "our rover looks at a quiet moon for science. 100", "username": "Ann"}
    (home / "more.jsonl").write_text(json.dumps(tweet) + "\n")
    done = rows(command("train", "ann", "--from", str(home / "more.jsonl"), "--json"))[-1]
    assert (done["version"], done["downloaded"]) == ("v3", 121)
    assert done["report"]["previous"]["version"] == "v2"
    assert json.loads((home / "models/ann/v3/manifest.json").read_text())["training"]["start"] == start


def test_they_are_forgotten(command: Command, home: Path) -> None:
    assert command("forget", "ann", "--yes") == "ann is forgotten.\n"
    assert not Registry(home / "models").kept()
    assert not list(home.rglob("ann*"))

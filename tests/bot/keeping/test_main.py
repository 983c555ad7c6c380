"""The commands as people type them: a sentence each, an exit code, and no passphrase among the arguments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.keeping.__main__ import main
from bot.keeping.passphrase import new_passphrase, passphrase_of_backup
from huggingtweets.core.errors import Usage
from tests.bot.keeping.conftest import Place

REPOSITORY = Path(__file__).parents[3]


def run(place: Place, *arguments: str) -> int:
    try:
        return main([*arguments, "--config", str(place.config_file)])
    except SystemExit as ended:
        return int(ended.code or 0)


def test_a_backup_is_made_and_restored_in_a_sentence(
    here: Place, elsewhere: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(here.folder / "all.backup")
    assert run(here, "backup", file) == 0
    said = capsys.readouterr().out
    assert "2 voices, the tweets of 2 accounts, and the database" in said
    assert said.endswith("not encrypted: whoever has the file can read it.\n")
    assert run(elsewhere, "restore", file, "--json") == 0
    *progress, done, settings = capsys.readouterr().out.splitlines()
    told = [json.loads(line) for line in progress]
    assert [row["stage"] for row in told if row["done"] == row["total"]] == ["restore"], "its end is told once"
    assert done == f"{file} is restored: 2 voices and the tweets of 2 accounts are here."
    assert "config.restored.toml" in settings
    assert run(elsewhere, "restore", file) == 64
    assert "Say --replace" in capsys.readouterr().err
    assert run(elsewhere, "restore", str(here.folder / "nowhere"), "--replace") == 65
    assert run(elsewhere, "rest") == 64
    assert run(elsewhere, "backup") == 64


def test_the_passphrase_comes_from_the_environment_or_a_file(
    here: Place, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(here.folder / "all.backup")
    monkeypatch.setenv("BACKUP_PASSPHRASE", "correct horse")
    assert run(here, "backup", file) == 0
    assert capsys.readouterr().out.endswith("MB, encrypted.\n")
    monkeypatch.delenv("BACKUP_PASSPHRASE")
    assert run(elsewhere, "restore", file) == 64
    assert "A passphrase is needed: set BACKUP_PASSPHRASE" in capsys.readouterr().err
    (tmp_path / "secret").write_text("correct horse\n")
    monkeypatch.setenv("BACKUP_PASSPHRASE_FILE", str(tmp_path / "secret"))
    assert run(elsewhere, "restore", file) == 0


def test_at_a_terminal_it_is_asked_for_and_a_new_one_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["one", "two", "one", "one", "", "old"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    with pytest.raises(Usage, match="differ"):
        new_passphrase(True, {})
    assert new_passphrase(True, {}) == "one"
    with pytest.raises(Usage, match="empty"):
        new_passphrase(True, {})
    assert passphrase_of_backup({}) == "old"
    assert new_passphrase(False, {}) == ""


def test_the_commands_of_the_pipeline_lead_there(here: Place) -> None:
    script = "from huggingtweets.cli.main import main; import sys; main(sys.argv[1:])"
    command = [sys.executable, "-c", script, "backup", str(here.folder / "b"), "--config", str(here.config_file)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.count("Traceback")) == (0, 0), ran.stderr
    assert "2 voices" in ran.stdout

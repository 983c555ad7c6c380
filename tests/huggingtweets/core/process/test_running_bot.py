"""The note of a running bot counts for the user who runs it, while that very process lives."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from huggingtweets.core.process.living import this_process
from huggingtweets.core.process.running_bot import NOTE, RunningBot, announced, running_bot

BOT = RunningBot("127.0.0.1", 7860, "a token")


def noted(data: Path, mode: int = 0o600, **changed: object) -> Path:
    """A note of this process, with other values."""
    note = data / NOTE
    note.write_text(json.dumps({"host": BOT.host, "port": BOT.port, "token": BOT.token, **this_process(), **changed}))
    note.chmod(mode)
    return note


def test_a_bot_is_found_while_it_runs_and_its_note_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert running_bot(tmp_path) is None
    with announced(tmp_path / "data", BOT):
        assert running_bot(tmp_path / "data") == BOT
        if sys.platform != "win32":
            assert stat.S_IMODE((tmp_path / "data" / NOTE).stat().st_mode) == 0o600
    assert list((tmp_path / "data").iterdir()) == []


def test_a_bot_that_listens_everywhere_is_asked_on_this_machine() -> None:
    assert RunningBot.at("http://0.0.0.0:7860", "t") == RunningBot("127.0.0.1", 7860, "t")
    assert RunningBot.at("http://[::]:80", "t") == RunningBot("::1", 80, "t")
    assert RunningBot.at("http://192.0.2.7:7860", "t").host == "192.0.2.7"


def test_the_note_of_another_bot_stays(tmp_path: Path) -> None:
    with announced(tmp_path, BOT):
        noted(tmp_path, port=7861)
    assert running_bot(tmp_path) == RunningBot(BOT.host, 7861, BOT.token)


@pytest.mark.parametrize(
    "changed",
    [
        {"process": 2**22 + 1},
        {"began": 0.0},
        {"process": "x"},
        {"process": None},
        {"port": "7860"},
        {"host": None},
        {"token": 7},
    ],
)
def test_a_stale_or_damaged_note_is_no_bot(tmp_path: Path, changed: dict[str, object]) -> None:
    noted(tmp_path)
    assert running_bot(tmp_path) == BOT
    noted(tmp_path, **changed)
    assert running_bot(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '"x"', "{", "[" * 5_000])
def test_what_is_no_note_is_no_bot(tmp_path: Path, text: str) -> None:
    noted(tmp_path).write_text(text)
    assert running_bot(tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_a_note_that_others_could_have_read_or_written_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in (0o644, 0o620, 0o606):
        noted(tmp_path, mode)
        assert running_bot(tmp_path) is None
    note = noted(tmp_path)
    note.rename(tmp_path / "elsewhere")
    note.symlink_to(tmp_path / "elsewhere")
    assert running_bot(tmp_path) is None
    note.unlink()
    noted(tmp_path)
    assert running_bot(tmp_path) == BOT
    user = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: user + 1)
    assert running_bot(tmp_path) is None

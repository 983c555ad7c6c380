"""How tests run a command, and what they expect of one that failed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
"""Runs a command in this process. Returns its exit code, stdout and stderr."""


def in_own_process(*arguments: object, folder: Path) -> tuple[int, str, str]:
    """Runs a command in `folder`. What it keeps without a config.toml is below that, too."""
    done = subprocess.run(
        [sys.executable, "-m", "huggingtweets", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"XDG_CONFIG_HOME": str(folder / "settings"), "XDG_DATA_HOME": str(folder / "share")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def sentence(failed: tuple[int, str, str], code: int) -> str:
    """The one sentence on stderr of a command that failed with `code`."""
    assert failed[0] == code, failed
    assert failed[1] == ""
    told = failed[2].lstrip("\n")  # click ends the line that an interrupt cut
    assert told.startswith("huggingtweets: ")
    assert told.count("\n") == 1
    assert told.endswith((".\n", "?\n"))  # "did you mean" is a question
    assert "Traceback" not in told
    return told

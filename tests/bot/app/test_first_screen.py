"""What a person sees on a terminal when the bot starts: a few lines that anybody understands."""

import os
import pty
import re
import signal
import subprocess
import sys

from tests.bot.conftest import Home


def screen_of(home: Home, until: str) -> list[str]:
    """The lines of a start on a terminal, without their times, until one of them is `until`."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bot", "--config", str(home.config_file)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home.folder), "OMP_WAIT_POLICY": "passive"}
    process = subprocess.Popen(command, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while until.encode() not in shown:
            shown += os.read(ours, 1_000)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        os.close(ours)
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in shown.decode().splitlines()]


def test_a_start_without_any_token_is_five_lines(home: Home) -> None:
    lines = screen_of(home, "Ready.")
    assert re.fullmatch(r"The page is at http://127\.0\.0\.1:\d+", lines.pop(2))
    assert lines == [
        "Starting. Ctrl-C stops the bot.",
        "Voices: ann.",
        "Discord is off, because DISCORD_TOKEN is not set.",
        "Ready.",
    ]

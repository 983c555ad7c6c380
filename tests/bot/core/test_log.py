"""The log: readable, and discreet even at DEBUG."""

import logging
import subprocess
import sys

import pytest

from bot.core.log import LINES_A_MINUTE, Rarely

SCRIPT = """
import logging, warnings
from bot.core.log import start_logging
start_logging({level!r})
logging.getLogger("bot.part").debug("a detail")
logging.getLogger("tweepy.client").debug("Authorization: Bearer s3cret")
logging.getLogger("discord.http").debug("token s3cret")
logging.getLogger("bot.part").info("a fact")
warnings.warn("old thing")
"""


@pytest.mark.parametrize(("level", "detail"), [("DEBUG", True), ("INFO", False)])
def test_libraries_that_print_secrets_are_held_at_info(level: str, detail: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT.format(level=level)], capture_output=True, text=True, check=True)
    assert "s3cret" not in ran.stderr
    assert "a fact" in ran.stderr
    assert "old thing" in ran.stderr
    assert ("a detail" in ran.stderr) is detail


def test_what_a_stranger_can_cause_at_will_is_a_few_lines_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    minute = 0.0
    monkeypatch.setattr("time.monotonic", lambda: 60 * minute)
    rarely = Rarely()

    def lines(message: str, count: int) -> list[str]:
        records = [logging.LogRecord("a", logging.WARNING, "", 0, message, (n,), None) for n in range(count)]
        return [record.getMessage() for record in records if rarely.filter(record)]

    assert lines("failed: %d", 3) == ["failed: 0", "failed: 1", "failed: 2"]
    flood = lines("failed: %d", 2_000)
    assert len(flood) == LINES_A_MINUTE - 3
    assert flood[-1].endswith("(more of these in this minute are left out)")
    assert lines("another: %d", 1) == ["another: 0"]
    minute = 1.0
    assert lines("failed: %d", 1) == ["failed: 0"]


def test_start_logging_bounds_what_strangers_cause() -> None:
    script = """
from bot.core.log import start_logging
from bot.playground.failures import note_failure
import logging
start_logging("INFO")
for number in range(2_000):
    note_failure("an event", ValueError("what somebody wrote"))
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(ran.stderr.splitlines()) == 2 * LINES_A_MINUTE
    assert "somebody" not in ran.stderr


def test_a_terminal_shows_sentences_and_more_only_of_what_is_wrong() -> None:
    import os
    import pty

    script = (
        "import logging; from bot.core.log import start_logging; start_logging('INFO')\n"
        "logging.getLogger('alembic.runtime.migration').info('Running upgrade')\n"
        "logging.getLogger('discord.client').warning('PyNaCl is not installed, voice will NOT be supported')\n"
        "logging.getLogger('discord.client').warning('something else')\n"
        "logging.getLogger('bot.app.process').info('ready')\n"
    )
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    os.close(theirs)
    lines = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    assert [line.partition(" ")[2] for line in lines] == ["WARNING discord.client: something else", "ready"]

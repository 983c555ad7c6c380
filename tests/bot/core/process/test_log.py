"""The log: readable, discreet even at DEBUG, and one object of JSON a line for programs."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.process.log import LINES_A_MINUTE, Rarely

SCRIPT = """
import logging, warnings
from bot.core.process.log import start_logging
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
from bot.core.process.log import start_logging
from bot.web.frame.failures import note_failure
from bot.core.errors import explained
from huggingtweets.core.errors import Usage
import logging
start_logging("INFO")
for number in range(2_000):
    note_failure("an event", ValueError("what somebody wrote"))
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    explained(Usage("Nothing fits."))
from bot.core.process.last_errors import LAST_ERRORS
print({line.source for line in LAST_ERRORS.lines()})
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(ran.stderr.splitlines()) == 2 * LINES_A_MINUTE + 100
    assert ran.stdout.strip() == "{'bot.web.frame.failures'}", "what is no HTTP pushes out no error"
    assert "somebody" not in ran.stderr


def test_a_terminal_shows_sentences_and_more_only_of_what_is_wrong() -> None:
    import os
    import pty

    script = (
        "import logging; from bot.core.process.log import start_logging; start_logging('INFO')\n"
        "logging.getLogger('alembic.runtime.migration').info('Running upgrade')\n"
        "logging.getLogger('discord.client').warning('PyNaCl is not installed, voice will NOT be supported')\n"
        "logging.getLogger('discord.client').warning('something else')\n"
        "from bot.core.process.log import on_a_terminal\n"
        "logging.getLogger('bot').info('job %d begins', 3, extra=on_a_terminal('Resuming @friend'))\n"
        "logging.getLogger('bot.app.process').info('ready')\n"
        "logging.getLogger('discord.gateway').info('Shard ID None has connected to Gateway')\n"
        "from bot.core.process.log import NOT_ON_A_TERMINAL\n"
        "logging.getLogger('bot').warning('attempt 2', extra=NOT_ON_A_TERMINAL)\n"
        "logging.getLogger('bot').warning('attempt 1 (errno 111)', extra=on_a_terminal('It is away.'))\n"
    )
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    os.close(theirs)
    lines = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    assert [line.partition(" ")[2] for line in lines] == [
        "WARNING discord.client: something else",
        "Resuming @friend",
        "ready",
        "WARNING: It is away.",
    ]


def test_a_log_that_is_kept_has_a_number_where_a_terminal_has_a_name() -> None:
    script = (
        "import logging; from bot.core.process.log import on_a_terminal, start_logging; start_logging('INFO')\n"
        "logging.getLogger('bot').info('job %d begins', 3, extra=on_a_terminal('Resuming @friend'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(ran.stderr)["event"] == "job 3 begins"
    assert "friend" not in ran.stderr


ASKS = """
import asyncio, logging, sys
from bot.core.config import BotSettings
from bot.core.errors import StoreUnavailable, told
from bot.core.process.log import start_logging
from bot.core.request_ids import begin_request, working_on
start_logging("INFO", sys.argv[1], megabytes=1, files=2)
log = logging.getLogger("bot.part")

async def ask(number):
    begin_request()
    log.info("begun %d", number)
    await asyncio.create_task(go_on(number))

async def go_on(number):
    try:
        raise StoreUnavailable("the disk is gone – “now”")
    except StoreUnavailable as error:
        print(told(error))

async def all():
    log.info("nobody asks")
    await asyncio.gather(ask(1), ask(2))
    with working_on("abc123", job=7):
        log.info("in a training")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("failed")

asyncio.run(all())
"""


def test_every_line_of_one_ask_has_its_id_which_is_the_one_that_people_are_told(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    ran = subprocess.run([sys.executable, "-c", ASKS, file], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == [line["event"] for line in lines]
    assert file.stat().st_mode & 0o777 == 0o600
    nobody, *asks, training, failed = lines
    assert "request" not in nobody
    assert nobody.keys() == {"at", "level", "logger", "event"}
    ids = [[line["request"] for line in asks if line["event"].startswith(word)] for word in ("begun", "refused")]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2
    assert [f"({one})" in said for one, said in zip(ids[0], ran.stdout.splitlines(), strict=True)] == [True, True]
    assert (training["request"], training["job"]) == ("abc123", 7)
    assert "ZeroDivisionError" in failed["exception"]
    assert "“now”" in ran.stderr, "letters of every language are readable"


def test_a_log_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    script = (
        "import logging, sys; from bot.core.process.log import start_logging\n"
        "start_logging('INFO', sys.argv[1], megabytes=1, files=3)\n"
        "for number in range(60): logging.getLogger('a').info('x' * 100_000)\n"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "bot.log"], stderr=subprocess.DEVNULL, check=True)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["bot.log", "bot.log.1", "bot.log.2"]
    assert all(path.stat().st_size <= 1_000_000 and path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_a_log_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    script = "import sys; from bot.core.process.log import start_logging; start_logging('INFO', sys.argv[1])"
    ran = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "no" / "log"], capture_output=True, text=True, check=False
    )
    assert "Misconfigured: [bot] log_file" in ran.stderr

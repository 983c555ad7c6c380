"""The whole process with a real PostgreSQL that hangs: it says so, recovers, and stops in time."""

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.conftest import Home, empty_home  # noqa: F401  fixtures
from tests.e2e.test_playground import wait_until_ready
from tests.fakes import postgresql

REPOSITORY = Path(__file__).parents[2]
STOP_SECONDS = 4.0


@pytest.fixture
def server() -> Iterator[str]:
    if not postgresql.binaries():
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql), so this was NOT tested")
    with postgresql.running() as url:
        yield url


class Bot:
    def __init__(self, home: Home, server: str):
        settings = home.config_file.read_text().replace("[bot]\n", f"[bot]\nstop_seconds = {STOP_SECONDS}\n")
        home.config_file.write_text(settings)
        self.log = home.folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", home.config_file],
                stderr=log,
                cwd=REPOSITORY,
                env={"PATH": "/usr/bin", "HOME": str(home.folder), "BOT_DATABASE_URL": f"{server}/postgres"},
            )

    def address(self) -> str:
        deadline = time.monotonic() + 600
        while "Discord is off" not in self.log.read_text() and time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        return re.findall(r"the playground is at (http://[\w.:]+)", self.log.read_text())[0]


@pytest.fixture
def bot(empty_home: Home, server: str) -> Iterator[Bot]:  # noqa: F811
    started = Bot(empty_home, server)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_database_that_hangs_is_noticed_waited_for_and_holds_no_stop_up(bot: Bot, server: str) -> None:
    address = bot.address()
    assert status(f"{address}/healthz") == 200
    wait_until_ready(address)
    with postgresql.hung(server):
        began = time.monotonic()
        assert [status(f"{address}/{check}") for check in ("healthz", "readyz")] == [200, 503]
        assert time.monotonic() - began < 60
    wait_until_ready(address)
    with postgresql.hung(server):
        time.sleep(2)  # by then the parts of the bot wait for an answer
        began = time.monotonic()
        bot.process.send_signal(signal.SIGTERM)
        code = bot.process.wait(120)
        assert time.monotonic() - began <= STOP_SECONDS + 60
    assert code in (0, 70), bot.log.read_text()
    assert postgresql.PASSWORD not in bot.log.read_text()

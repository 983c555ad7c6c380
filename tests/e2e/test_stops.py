"""The bot is told to stop at random moments, while it starts, learns and draws: it ends in time, and nothing is lost.

Three times by default; `STOPS=30` for the whole of it.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.bot.conftest import Home, empty_home, home  # noqa: F401  fixtures
from tests.e2e.test_kills import (
    Acknowledged,
    faults,
    orphans,
    quiet_home,  # noqa: F401  a fixture
    start,
    wait_for_the_first_act,
)

STOPS = int(os.environ.get("STOPS", "3"))
STOP_SECONDS = 10.0
NOT_LISTENING_YET = -signal.SIGTERM  # told so early that Python was still starting


@pytest.mark.timeout(60 + STOPS * 40)
def test_no_stop_takes_longer_than_it_may_and_nothing_is_lost(
    quiet_home: Home,  # noqa: F811
    sample_file: Path,
) -> None:
    settings = quiet_home.config_file.read_text()
    quiet_home.config_file.write_text(settings.replace("[bot]\n", f"[bot]\nstop_seconds = {STOP_SECONDS}\n"))
    chance = random.Random(STOPS)
    done, longest = Acknowledged(), 0.0
    for number in range(STOPS):
        process = start(quiet_home, sample_file, number)
        if number % 3:  # else the stop may come while it starts
            wait_for_the_first_act(process, quiet_home.folder / f"out-{number}")
        time.sleep(chance.uniform(0, 6))
        log = quiet_home.folder / f"log-{number}"
        assert process.poll() is None, log.read_text()
        began = time.monotonic()
        process.terminate()
        code = process.wait(STOP_SECONDS + 20)
        longest = max(longest, time.monotonic() - began)
        assert code in (0, NOT_LISTENING_YET), log.read_text()
        assert longest <= STOP_SECONDS + 1, log.read_text()
        assert orphans(quiet_home) == []
        done.read(quiet_home.folder / f"out-{number}")
        if code == 0:
            assert faults(quiet_home, done) == [], f"after stop {number}"
    print(f"{STOPS} stops, the longest took {longest:.1f} s; {len(done.jobs)} jobs, {len(done.answers)} answers")

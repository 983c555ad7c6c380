"""The bot is told to stop at random moments, while all its loops work: it ends in time and loses nothing.

It learns and draws, sends posts, answers mentions, proposes posts by the clock and looks into its folder. X is slow and
fails by chance. Three stops by default; `STOPS=50` for the whole of it.
"""

import asyncio
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.config import Config
from bot.store import Store
from tests.bot.conftest import Home, empty_home, home  # noqa: F401  fixtures
from tests.e2e.test_kills import (
    Acknowledged,
    faults,
    orphans,
    quiet_home,  # noqa: F401  a fixture
    start,
    wait_for_the_first_act,
)
from tests.e2e.test_whole_process import KEYS_OF_X
from tests.fakes.moods import RandomMood
from tests.fakes.x_server import XServer, refusals

STOPS = int(os.environ.get("STOPS", "3"))
STOP_SECONDS = 10.0
NOT_LISTENING_YET = -signal.SIGTERM  # Python itself was still starting
SEND = "POST /2/tweets"
MENTIONS = "GET /2/users/12/mentions"


SETTINGS = """
[x]
api_url = "{api_url}"
account = "thebot"
voice = "ann"
dry_run = false
automatic = true
quiet_hours = ""
minutes_between_posts = 0
timeout_seconds = 3
settle_seconds = 4
mentions = true
mentions_seconds = 5
replies_per_author_a_day = 1_000
[collecting]
folder_seconds = 1
[[schedule]]
name = "often"
action = "post"
voice = "ann"
cron = "* * * * *"
"""


@pytest.fixture
def x() -> Iterator[XServer]:
    """X, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = XServer(RandomMood(slow_seconds=2, refusals=refusals))
    server.add_user("77", "fan")
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def queue(config_file: Path, texts: list[str]) -> None:
    """Approve posts while no bot runs."""
    async with Store(Config.load(config_file, {}).database_url) as store:
        for text in texts:
            await store.posts.add(text, "thebot", text, state="queued")


def requests_by_kind(x: XServer) -> Counter[str]:
    return Counter(request.partition("?")[0] for request in x.requests)


def wait_until_posts_are_on_their_way(process: "subprocess.Popen[bytes]", x: XServer) -> None:
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        asked = requests_by_kind(x)
        if asked[SEND] and asked[MENTIONS]:
            return
        time.sleep(0.1)


@pytest.mark.timeout(600 + STOPS * 400)
def test_no_stop_takes_longer_than_it_may_and_nothing_is_lost(
    quiet_home: Home,  # noqa: F811
    sample_file: Path,
    x: XServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**KEYS_OF_X, "DISCORD_TOKEN": ""}.items():
        monkeypatch.setenv(name, value)
    settings = quiet_home.config_file.read_text()
    settings = settings.replace("[bot]\n", f"[bot]\nstop_seconds = {STOP_SECONDS}\n")
    quiet_home.config_file.write_text(settings + SETTINGS.format(api_url=x.url))
    chance = random.Random(STOPS)
    done, longest = Acknowledged(), 0.0
    for number in range(STOPS):
        asyncio.run(queue(quiet_home.config_file, [f"good morning, harbour {number}.{part}" for part in range(3)]))
        process = start(quiet_home, sample_file, number)
        if number % 3:  # otherwise the stop may come during the start
            wait_for_the_first_act(process, quiet_home.folder / f"out-{number}")
            x.add_post("77", f"@thebot ann, number {number}")
        if number == STOPS - 1:  # otherwise, on a slow machine, each stop may have come before anything was sent
            wait_until_posts_are_on_their_way(process, x)
        time.sleep(chance.uniform(0, 6))
        log = quiet_home.folder / f"log-{number}"
        assert process.poll() is None, log.read_text()
        began = time.monotonic()
        process.terminate()
        code = process.wait(STOP_SECONDS + 120)
        longest = max(longest, time.monotonic() - began)
        assert code in (0, NOT_LISTENING_YET), log.read_text()
        assert longest <= STOP_SECONDS + 60, log.read_text()
        assert orphans(quiet_home) == []
        done.read(quiet_home.folder / f"out-{number}")
        if code == 0:
            assert faults(quiet_home, done) == [], f"after stop {number}"
    twice = [text for text, times in Counter(x.texts()).items() if times > 1]
    assert twice == []
    asked = requests_by_kind(x)
    assert asked[SEND], "posts were on their way"
    assert asked[MENTIONS], "mentions were looked for"
    print(
        f"{STOPS} stops, the longest took {longest:.1f} s; {len(done.jobs)} jobs, {len(done.answers)} answers, "
        f"{len(x.texts())} posts; {dict(asked)}"
    )

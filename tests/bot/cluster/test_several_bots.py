"""Two whole bots with one PostgreSQL and one cluster do everything once, also when the one that leads dies."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.clock.schedule_entry import Schedule
from bot.store import Store
from bot.store.jobs import Job
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.config.settings_text import settings_text
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.versions import Registry
from tests.bot.cluster.conftest import SECONDS, Machines
from tests.bot.store.conftest import url  # noqa: F401  fixtures

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]

REPOSITORY = Path(__file__).parents[3]
SECTIONS = """
[bot]
sample_account = false
[playground]
port = 0
[jobs]
niceness = 0
[cluster]
address = "auto"
draw = false
training_cpus = 0.5
"""


class Bot:
    """A whole bot in a process of its own, with its log in a file."""

    def __init__(self, config_file: Path, database: str, name: str):
        self.log_file = config_file.with_name(f"log-{name}")
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", config_file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env={**os.environ, "BOT_DATABASE_URL": database, "DISCORD_TOKEN": ""},
            )

    def says(self, pattern: str) -> bool:
        """True if its log says so. Fails if the bot has ended by itself."""
        log = self.log_file.read_text()
        assert self.process.poll() is None, log
        return bool(re.search(pattern, log))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_each_job_and_each_schedule_is_done_once_although_the_leader_dies(
    machines: Machines,
    settings: Settings,
    url: str,  # noqa: F811
    sample_file: Path,
    tmp_path: Path,
) -> None:
    config_file, tweets = tmp_path / "config.toml", tmp_path / "gil.jsonl"
    config_file.write_text(settings_text(settings) + SECTIONS)
    shutil.copyfile(sample_file, tweets)
    due = datetime.now(UTC) - timedelta(minutes=30)
    async with Store(url, lambda: due - timedelta(minutes=1)) as store:
        # It was due half an hour ago, and is due again tomorrow.
        await store.schedules.put(Schedule("daily", "retrain", VoiceName("ann"), cron=f"{due:%M %H} * * *"), by="test")
    bots = [Bot(config_file, url, name) for name in ("one", "two")]
    try:
        async with asyncio.timeout(SECONDS), Store(url) as store:
            # Whoever is killed in the middle of a run is waited for some minutes, so this one ends first.
            while not (runs := await store.schedules.runs("daily")) or not runs[0].outcome:
                await asyncio.sleep(0.05)
            job = await store.jobs.add("gil", "test:1", files=[str(tweets)], max_waiting=8)
            begins = rf"job {job.id} begins"
            while not (leaders := [bot for bot in bots if bot.says(begins)]):
                await asyncio.sleep(0.05)
            [leader] = leaders
            [other] = [bot for bot in bots if bot is not leader]
            assert leader.end(signal.SIGKILL) == -signal.SIGKILL
            done = await ended(store, job.id, other)
            assert done.state == "done", done.log
            # On a machine that stands still at this moment, the first one may have ended it before.
            assert done.attempts == (2 if other.says(begins) else 1)
            runs = await store.schedules.runs("daily")
        assert [run.due_at for run in runs] == [due.replace(second=0, microsecond=0)]
        assert other.end(signal.SIGTERM) in (0, 128 + signal.SIGTERM)
    finally:
        for bot in bots:
            bot.process.kill()
            bot.process.wait()
    assert Registry(settings.storage.models).versions("gil") == ["v1"]


async def ended(store: Store, number: int, other: Bot) -> Job:
    """The job when it has ended. Fails if the other bot ends before."""
    while not (job := await store.jobs.get(number)) or not job.ended:
        assert other.says("")
        await asyncio.sleep(0.1)
    return job

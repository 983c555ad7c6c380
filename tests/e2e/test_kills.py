"""The bot is killed at random moments. Nothing is lost: every invariant holds after each kill and restart.

Three times by default; `KILLS=30` for the whole of it.
"""

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from bot.store import Store
from huggingtweets.registry.versions import Registry
from tests.bot.conftest import Home, empty_home, home  # noqa: F401  fixtures

REPOSITORY = Path(__file__).parents[2]
KILLS = int(os.environ.get("KILLS", "3"))
LONGEST_SECONDS = float(os.environ.get("KILL_WITHIN_SECONDS", "6"))


@dataclass
class Acknowledged:
    """What the processes acknowledged before they were killed."""

    jobs: set[int] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    votes: set[str] = field(default_factory=set)
    settings: set[str] = field(default_factory=set)
    promoted: int = 0
    refused: int = 0

    def read(self, path: Path) -> None:
        for line in path.read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                continue
            match json.loads(line):
                case {"job": job}:
                    self.jobs.add(job)
                case {"answer": message}:
                    self.answers.add(message)
                case {"vote": message}:
                    self.votes.add(message)
                case {"setting": key}:
                    self.settings.add(key)
                case {"promoted": _}:
                    self.promoted += 1
                case {"refused": _}:
                    self.refused += 1


def start(home: Home, tweets: Path, number: int) -> "subprocess.Popen[bytes]":  # noqa: F811
    with (home.folder / f"out-{number}").open("wb") as out, (home.folder / f"log-{number}").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, Path(__file__).with_name("scripted_bot.py"), home.config_file, tweets, str(number)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "DISCORD_TOKEN": ""},
        )


def orphans(home: Home) -> list[int]:  # noqa: F811
    """Ids of processes that work with this test's config.toml."""
    pids = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if str(home.config_file) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            pids.append(process.pid)
    return pids


def wait_for_the_first_act(process: "subprocess.Popen[bytes]", out: Path) -> None:
    deadline = time.monotonic() + 600
    while not out.stat().st_size and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def faults(home: Home, done: Acknowledged) -> list[str]:  # noqa: F811
    """Every invariant that does not hold, in words. No process may run."""
    faults_seen = [f"orphan {pid}" for pid in orphans(home)]
    for name in home.registry.root.iterdir():
        for version in name.glob("v*"):
            weights = [*version.glob("adapter/*.safetensors"), *version.glob("model/*.safetensors")]
            if not ((version / "manifest.json").exists() and (version / "dataset.jsonl").exists() and weights):
                faults_seen.append(f"half a version: {version}")
        if (current := name / "current.json").exists():
            in_use = json.loads(current.read_text())["version"]
            if in_use not in Registry(home.registry.root).versions(name.name):
                faults_seen.append(f"current.json of {name.name} points to {in_use}, which is not there")
    with sqlite3.connect(home.folder / "data" / "bot.db") as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            faults_seen.append("the database is damaged")
        if not database.execute("SELECT name FROM sqlite_master").fetchall():
            # Before the first migration has ended there are no tables, so nothing can have been acknowledged.
            if done != Acknowledged(refused=done.refused):
                faults_seen.append("there are no tables any more")
            return faults_seen
        there = {
            "jobs": {row[0] for row in database.execute("SELECT id FROM jobs")},
            "answers": {row[0] for row in database.execute("SELECT message FROM answers")},
            "votes": {row[0] for row in database.execute("SELECT message FROM feedback")},
            "settings": {row[0] for row in database.execute("SELECT key FROM settings")},
        }
        active = database.execute("SELECT name FROM jobs WHERE state IN ('waiting', 'running')").fetchall()
        results = database.execute("SELECT name, result FROM jobs WHERE state = 'done'").fetchall()
    database.close()
    faults_seen += [f"lost {kind}: {lost}" for kind, rows in there.items() if (lost := getattr(done, kind) - rows)]
    faults_seen += [f"{name} has {number} active jobs" for name, number in Counter(active).items() if number > 1]
    made = Counter((name, json.loads(result)["version"]) for name, result in results)
    faults_seen += [f"two jobs made {version}" for version, number in made.items() if number > 1]
    return faults_seen


@pytest.fixture
def quiet_home(home: Home) -> Home:  # noqa: F811
    text = home.config_file.read_text().replace("port = 0", "enabled = false")
    settings = "[jobs]\nniceness = 0\nkeep_versions = 100\n"
    settings += "[limits]\nrequests_per_minute = 100_000\ntotal_requests_per_minute = 100_000\n"
    home.config_file.write_text(re.sub(r"(?m)^ +", "", text) + settings)
    return home


@pytest.mark.timeout(600 + KILLS * 400)
def test_a_bot_that_is_killed_at_any_moment_loses_and_repeats_nothing(quiet_home: Home, sample_file: Path) -> None:
    chance = random.Random(KILLS)
    done = Acknowledged()
    for number in range(KILLS):
        process = start(quiet_home, sample_file, number)
        if number % 3:  # otherwise the kill may come during the start
            wait_for_the_first_act(process, quiet_home.folder / f"out-{number}")
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        assert process.poll() is None, (quiet_home.folder / f"log-{number}").read_text()
        process.kill()
        process.wait()
        # A child that was just started ends once it has imported what it needs: more than 5 s on a busy machine.
        deadline = time.monotonic() + 300
        while orphans(quiet_home) and time.monotonic() < deadline:
            time.sleep(0.02)
        done.read(quiet_home.folder / f"out-{number}")
        if (quiet_home.folder / "data" / "bot.db").exists():
            assert faults(quiet_home, done) == [], f"after kill {number}"
    asyncio.run(_work_off(quiet_home))
    assert faults(quiet_home, done) == []
    assert orphans(quiet_home) == []
    jobs = asyncio.run(_jobs(quiet_home))
    states = Counter(job.state for job in jobs)
    assert states["waiting"] == states["running"] == 0
    assert all(job.state != "failed" for job in jobs), [job.error for job in jobs if job.state == "failed"]
    made = {(job.name, job.result["version"]) for job in jobs if job.result}
    there = {(name, version) for name in ("ann", "bob") for version in quiet_home.registry.versions(name)}
    assert there - made <= {("ann", "v1")} | _of_given_up_jobs(jobs, there), "a version that no job has made"
    assert not list((quiet_home.folder / "data" / "uploads").glob("*/*/*")), "files that nobody needs"
    print(
        f"{KILLS} kills: {len(done.jobs)} jobs ({dict(states)}), {len(there)} versions, {done.promoted} promotions, "
        f"{len(done.answers)} answers, {len(done.votes)} votes, {len(done.settings)} settings; {done.refused} refusals"
    )


def _of_given_up_jobs(jobs, there) -> set[tuple[str, str]]:
    """How many versions jobs made before they were given up or cancelled: at most one each."""
    given_up = Counter(job.name for job in jobs if job.state in ("abandoned", "cancelled"))
    made = {(job.name, job.result["version"]) for job in jobs if job.result} | {("ann", "v1")}
    return {(name, version) for name, version in there - made if given_up[name] > 0}


async def _work_off(home: Home) -> None:  # noqa: F811
    """Run the bot without the script until no job is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--config", home.config_file),
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "DISCORD_TOKEN": ""},
    )
    # Before that the bot does not listen to signals.
    while b"Discord is off" not in (line := await process.stderr.readline()):
        assert line, "it ended before it had started"
    log = asyncio.create_task(process.stderr.read())
    async with Store(f"sqlite:///{home.folder}/data/bot.db") as store:
        while await store.jobs.active():
            assert process.returncode is None, (await log).decode()
            await asyncio.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0, (await log).decode()
    await log


async def _jobs(home: Home):  # noqa: F811
    async with Store(f"sqlite:///{home.folder}/data/bot.db") as store:
        return await store.jobs.recent(1_000)

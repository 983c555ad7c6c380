"""A child gets no secret, tells its events, says why it failed, and has ended when its context has."""

import asyncio
import os
from pathlib import Path

import psutil

from bot.core.process.child_process import child_environment, running_child
from huggingtweets.core.events import Event, Failed, Progress

SECONDS = 60
ENVIRON = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}


def test_a_child_gets_the_environment_without_secrets_but_those_that_it_is_given() -> None:
    environ = {"HOME": "/home/me", "DISCORD_TOKEN": "d", "HF_TOKEN": "h"}
    names = frozenset({"DISCORD_TOKEN", "HF_TOKEN", "X_ACCESS_TOKEN"})
    assert child_environment(environ, names) == {"HOME": "/home/me"}
    assert child_environment(environ, names, {"HF_TOKEN": "h"}) == {"HOME": "/home/me", "HF_TOKEN": "h"}
    files = {"DISCORD_TOKEN_FILE": "/run/secrets/token", "CREDENTIALS_DIRECTORY": "/run/credentials/bot"}
    assert child_environment({**environ, **files}, names) == {"HOME": "/home/me"}


async def test_a_command_that_succeeds_has_an_exit_code_and_a_log(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    async with running_child(["forget", "ann", "--yes", "--config", str(config)], ENVIRON) as child:
        assert await child.ended(SECONDS)
    assert (child.exit_code, child.complaint) == (0, "")
    assert child.log == "There was nothing of ann."


async def test_a_failure_is_an_event_and_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tweets.jsonl").write_text("not json\n")
    (tmp_path / "config.toml").write_text("")
    arguments = ["train", "ann", "--from", str(tmp_path / "tweets.jsonl"), "--config", str(tmp_path / "config.toml")]
    events: list[Event] = []
    async with running_child(arguments, ENVIRON, hear=events.append) as child:
        assert await child.ended(SECONDS)
    assert child.exit_code == 65
    assert child.complaint.startswith(f"{tmp_path}/tweets.jsonl: the file is no JSON at line 1")
    [failed] = [event for event in events if not isinstance(event, Progress)]
    assert isinstance(failed, Failed)
    assert failed.for_people.startswith("tweets.jsonl cannot be used: I cannot read it at line 1")


async def test_leaving_ends_a_child_that_does_not_listen(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    async with running_child(["models"], ENVIRON, seconds_to_end=0.1):
        [process] = set(psutil.Process().children()) - before
        process.suspend()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_leaving_by_a_cancellation_ends_the_child() -> None:
    before = set(psutil.Process().children())
    started = asyncio.Event()

    async def wait_for_ever() -> None:
        async with running_child(["models"], ENVIRON, seconds_to_end=5) as child:
            started.set()
            await child.ended(SECONDS)
            await asyncio.sleep(SECONDS)

    task = asyncio.create_task(wait_for_ever())
    await started.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert set(psutil.Process().children()) == before

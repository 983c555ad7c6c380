"""The use case "train": a real child process, its progress, its failures, its end."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from bot.errors import JobRefused
from bot.training import Training, TrainingFailed, _percent
from huggingtweets.errors import Usage
from huggingtweets.pipeline import STAGES


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "huggingtweets" in " ".join(_line(child))]


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def child_process() -> psutil.Process:
    """The training's process, once there is one."""
    async with asyncio.timeout(20):
        while not (found := children()):
            await asyncio.sleep(0.02)
    return found[0]


async def test_a_training_gives_a_version_and_tells_how_far_it_is(use_cases_without_voices, sample_file: Path) -> None:
    job = await use_cases_without_voices.training.start("test:1", "@Bob", [sample_file])
    seen = [(state.stage, state.percent) async for state in job.watch(at_most_every_seconds=0.01)]
    result = await job.outcome()
    assert (result["name"], result["version"]) == ("bob", "v1")
    assert result["downloaded"] == result["retweets"] + result["short"] + result["kept"] == 250
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents)
    assert seen[0] == ("waiting", 0)
    assert percents[-1] == 100
    assert {"train", "samples"} & {stage for stage, _ in seen}
    assert use_cases_without_voices.home.registry.current("bob").version == "v1"
    assert use_cases_without_voices.training.jobs == []


async def test_a_name_is_trained_once_at_a_time(use_cases, sample_file: Path) -> None:
    await use_cases.training.start("test:1", "bob", [sample_file])
    with pytest.raises(JobRefused, match=r"already being trained: \d+ %"):
        await use_cases.training.start("test:2", "BOB", [sample_file])


async def test_the_queue_has_a_bound(use_cases, sample_file: Path) -> None:
    for name in ("bob", "cem"):
        await use_cases.training.start("test:1", name, [sample_file])
    with pytest.raises(JobRefused, match="2 trainings are waiting"):
        await use_cases.training.start("test:1", "dee", [sample_file])


async def test_a_bad_name_is_refused_before_anything_starts(use_cases) -> None:
    with pytest.raises(Usage):
        await use_cases.training.start("test:1", "no spaces", [])
    assert use_cases.training.jobs == []


async def test_the_childs_own_sentence_reaches_the_person(use_cases, tmp_path: Path) -> None:
    broken = tmp_path / "tweets.jsonl"
    broken.write_text("not json\n")
    job = await use_cases.training.start("test:1", "bob", [broken])
    with pytest.raises(TrainingFailed, match=r"tweets\.jsonl: .*JSON"):
        await job.outcome()
    assert use_cases.training.job("bob") is None


async def test_a_killed_child_ends_its_job_alone(use_cases, sample_file: Path) -> None:
    killed = await use_cases.training.start("test:1", "bob", [sample_file])
    after = await use_cases.training.start("test:1", "cem", [sample_file])
    (await child_process()).kill()
    with pytest.raises(TrainingFailed, match="ended from outside"):
        await killed.outcome()
    assert (await after.outcome())["name"] == "cem"


async def test_the_child_gets_no_secret_and_gives_way(home, sample_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SECRET", "s3cret")
    async with Training(
        registry=home.registry, config_file=home.config_file, secret_names=frozenset({"BOT_SECRET"})
    ) as training:
        job = await training.start("test:1", "bob", [sample_file])
        child = await child_process()
        environment = child.environ()
        assert "BOT_SECRET" not in environment
        assert environment["PATH"] == os.environ["PATH"]
        async with asyncio.timeout(20):
            while child.nice() != 19 and not job.ended:
                await asyncio.sleep(0.02)
        assert not job.ended


async def test_leaving_ends_the_child_and_tells_who_waits(home, sample_file: Path) -> None:
    async with Training(registry=home.registry, config_file=home.config_file) as training:
        running = await training.start("test:1", "bob", [sample_file])
        waiting = await training.start("test:1", "cem", [sample_file])
        child = await child_process()
    for job in (running, waiting):
        with pytest.raises(TrainingFailed, match="I was stopped"):
            await job.outcome()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert children() == []


async def test_a_child_that_will_not_end_is_killed(home, sample_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.training.SECONDS_TO_END", 0.2)
    async with Training(registry=home.registry, config_file=home.config_file) as training:
        await training.start("test:1", "bob", [sample_file])
        child = await child_process()
        os.kill(child.pid, signal.SIGSTOP)
    assert children() == []


def test_the_percentage_never_falls_from_stage_to_stage() -> None:
    figures = [_percent(stage, done, 10) for stage in STAGES for done in range(11)]
    assert figures == sorted(figures)
    assert figures[-1] == 99

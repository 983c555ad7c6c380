"""The use case "train": a job that waits, is watched, is cancelled, and ends; with its worker and a real child."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.core.errors import JobRefused, NotAllowed, TrainingFailed
from bot.store import Store
from bot.trainings.prospects import foreseen
from bot.trainings.results import Learned
from huggingtweets.core.errors import BadSource
from huggingtweets.core.people.names import VoiceName
from tests.bot.databases import sqlite_in

SOON = 0.05  # more often takes as much processor time as the training
pytestmark = pytest.mark.usefixtures("soon")


async def test_a_training_gives_a_version_tells_how_far_it_is_and_what_it_expects_and_the_log_names_nobody(
    use_cases_without_voices, sample_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing deletes a person from a log that is kept elsewhere."""
    caplog.set_level("INFO")
    training = use_cases_without_voices.training
    job = await training.start("test:1", VoiceName("bob"), [sample_file])
    seen = [now async for now in training.watch(job, SOON)]
    result = await training.outcome(job)
    assert isinstance(result, Learned)
    assert (result.name, result.version, result.before) == ("bob", "v1", None)
    assert result.downloaded == result.retweets + result.short + result.kept == 250
    percents = [now.percent for now in seen]
    assert percents == sorted(percents)
    assert (seen[0].state, seen[0].percent) == ("waiting", 0)
    assert (seen[-1].state, seen[-1].percent) == ("done", 100)
    assert {"train", "samples"} & {now.stage for now in seen}
    assert any("There is as much text to learn from as in about" in foreseen(now) for now in seen[:-1])
    assert use_cases_without_voices.home.registry.current("bob").version == "v1"
    assert await training.jobs() == []
    uploads = use_cases_without_voices.home.folder / "data" / "uploads"
    async with asyncio.timeout(200):  # what was sent along goes a moment after the end
        while list(uploads.iterdir()):
            await asyncio.sleep(SOON)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert f"job {job.id} gave v1" in lines
    assert not [line for line in lines if re.search("bob|ann", line, re.IGNORECASE)]


async def test_who_does_not_want_it_is_not_learned_by_whatever_way_it_is_asked(use_cases, sample_file: Path) -> None:
    async with Store(sqlite_in(use_cases.home.folder / "data")) as store:
        await store.members.join("s1", "discord:2", "bob")
        await store.consent.opt_out("discord:2", "imitation")
    with pytest.raises(NotAllowed, match="bob does not want to be imitated"):
        await use_cases.training.start("test:1", VoiceName("ann-bob"), [sample_file])
    assert await use_cases.training.jobs() == []
    assert not (use_cases.home.folder / "data" / "uploads").exists()


async def test_a_name_is_trained_once_at_a_time(use_cases, sample_file: Path) -> None:
    await use_cases.training.start("test:1", VoiceName("bob"), [sample_file])
    with pytest.raises(JobRefused, match=r"bob is already being trained: (\d+ %|it waits)"):
        await use_cases.training.start("test:2", VoiceName("bob"), [sample_file])


async def test_of_two_that_ask_at_once_one_is_refused_and_its_files_go(use_cases, sample_file: Path) -> None:
    asked = [use_cases.training.start(f"test:{n}", VoiceName("bob"), [sample_file]) for n in range(2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers].count(JobRefused) == 1
    assert len(list((use_cases.home.folder / "data" / "uploads").iterdir())) == 1


async def test_the_queue_has_a_bound(use_cases, sample_file: Path) -> None:
    for name in ("bob", "cem", "dee"):
        job = await use_cases.training.start("test:1", VoiceName(name), [sample_file])
        while name == "bob" and (await use_cases.training.job(VoiceName("bob"))).state == "waiting":
            await asyncio.sleep(SOON)
    with pytest.raises(JobRefused, match="2 trainings are waiting"):
        await use_cases.training.start("test:1", VoiceName("eve"), [sample_file])
    await use_cases.training.cancel(job.id)
    await use_cases.training.start("test:1", VoiceName("eve"), [sample_file])


async def test_a_bad_file_is_refused_before_anything_starts(use_cases, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no such file"):
        await use_cases.training.start("test:1", VoiceName("bob"), [tmp_path / "none.zip"])
    assert await use_cases.training.jobs() == []


async def test_a_cancelled_job_tells_whoever_waits_for_it(use_cases, sample_file: Path) -> None:
    job = await use_cases.training.start("test:1", VoiceName("bob"), [sample_file])
    await use_cases.training.cancel(job.id)
    with pytest.raises(TrainingFailed, match="training of bob was cancelled"):
        await use_cases.training.outcome(job, SOON)
    with pytest.raises(JobRefused, match="There is no job 99"):
        await use_cases.training.cancel(99)


async def test_what_has_ended_cannot_be_cancelled(use_cases, tmp_path: Path) -> None:
    (tmp_path / "tweets.jsonl").write_text("not json\n")
    job = await use_cases.training.start("test:1", VoiceName("bob"), [tmp_path / "tweets.jsonl"])
    with pytest.raises(TrainingFailed, match=r"tweets\.jsonl cannot be used: .*JSON"):
        await use_cases.training.outcome(job, SOON)
    with pytest.raises(JobRefused, match=f"Job {job.id} has ended already"):
        await use_cases.training.cancel(job.id)

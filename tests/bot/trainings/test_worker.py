"""The worker: real children, their failures, and how each ends its job alone."""

import asyncio
import errno
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from bot.core.errors import StoreUnavailable, TrainingFailed
from bot.core.uploads import Uploads
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.willing import Willing
from bot.store import Store
from bot.store.jobs import Job
from bot.trainings.news import CURVE
from bot.trainings.training import Training
from huggingtweets.core.errors import NotNow, PipelineError
from huggingtweets.core.events import Progress
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.versions import Registry
from tests.bot.conftest import Home, settings_of, training_in
from tests.bot.databases import sqlite_in
from tests.bot.trainings.prompt_trainer import PromptTrainer

SOON = 0.05  # more often takes as much processor time as the training
pytestmark = pytest.mark.usefixtures("soon")


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "huggingtweets" in " ".join(_line(child))]


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def child_process() -> psutil.Process:
    """The training's process, once there is one."""
    async with asyncio.timeout(200):
        while not (found := children()):
            await asyncio.sleep(SOON)
    return found[0]


async def ended(training: Training, job: Job) -> Job:
    return [now async for now in training.watch(job, SOON)][-1]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Tweets of which a child complains at once, without loading what it would learn with."""
    path = tmp_path / "tweets.jsonl"
    path.write_text("not json\n")
    return path


async def test_a_killed_child_ends_its_job_alone(home: Home, sample_file: Path, broken: Path) -> None:
    async with training_in(home) as training:
        killed = await training.start("test:1", VoiceName("bob"), [sample_file])
        after = await training.start("test:1", VoiceName("cem"), [broken])
        (await child_process()).kill()
        with pytest.raises(TrainingFailed, match="ended from outside, most likely because my memory was full"):
            await training.outcome(killed, SOON)
        assert "I cannot read it at line 1" in (await ended(training, after)).error


async def test_a_child_that_crashes_says_with_which_signal(
    home: Home, sample_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with training_in(home) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file])
        (await child_process()).send_signal(signal.SIGSEGV)
        assert "was ended from outside; start it again" in (await ended(training, job)).error
    assert f"signal {signal.SIGSEGV.value}" in caplog.text


async def test_a_child_that_hangs_is_ended_and_its_last_lines_are_kept(home: Home, sample_file: Path) -> None:
    async with training_in(home, hang_seconds=0.3) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file])
        os.kill((await child_process()).pid, signal.SIGSTOP)
        assert "nothing was heard of it for" in (await ended(training, job)).error
    assert children() == []


async def test_the_childs_own_sentence_is_the_reason_and_the_operator_has_the_path(
    home: Home, broken: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with training_in(home) as training:
        job = await ended(training, await training.start("test:1", VoiceName("bob"), [broken]))
    assert job.state == "failed"
    found = re.fullmatch(r"tweets\.jsonl cannot be used: I cannot read it at line 1; .* \((\w{6})\)", job.error)
    assert found
    assert f"{home.folder}" in job.log
    [line] = [line for line in caplog.messages if line.startswith(f"refused {found[1]}")]
    assert f"{home.folder}" in line


def learn_for_long(home: Home) -> None:
    """Otherwise a training on a busy machine may be over before anybody has seen that it learns."""
    settings = home.config_file.read_text()
    home.config_file.write_text(
        settings.replace("max_epochs = 2", "max_epochs = 10_000\npatience = 10_000\nmax_tokens = 1_000_000_000")
    )


@pytest.mark.parametrize("stage", ["starting", "train"])
async def test_a_running_job_is_cancelled_at_every_stage(home: Home, sample_file: Path, stage: str) -> None:
    learn_for_long(home)
    async with training_in(home) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file])
        async for now in training.watch(job, SOON):
            if now.stage == stage or now.ended:
                break
        await child_process()
        await training.cancel(job.id)
        assert (await ended(training, job)).state == "cancelled"
        assert children() == []
        await nothing_left_of(home, "bob")


def left_of(home: Home, name: str) -> list[str]:
    """What is kept of a voice: tweets, staged folders, tombstones, files that came with its training."""
    data, models = home.folder / "data", home.registry.root
    found = [*data.glob(f"tweets/{name}.*"), *data.glob("uploads/*"), *models.glob(f"*{name}*")]
    return [str(path.relative_to(home.folder)) for path in found]


async def nothing_left_of(home: Home, name: str) -> None:
    """The files that came with a training go a moment after it has ended."""
    async with asyncio.timeout(200):
        while left_of(home, name):
            await asyncio.sleep(SOON)


async def test_a_training_that_was_put_off_and_then_cancelled_leaves_nothing(home: Home, sample_file: Path) -> None:
    learn_for_long(home)
    async with training_in(home) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file])
        async for now in training.watch(job, SOON):
            if now.stage == "train" or now.ended:
                break
        await child_process()
    assert left_of(home, "bob")
    settings = settings_of(home)
    async with Store(sqlite_in(home.folder / "data")) as store:
        uploads = Uploads.below(settings.storage.data)
        waiting = Training(
            store=store,
            willing=Willing(store, settings),
            uploads=uploads,
            leftovers=Leftovers(settings),
            wake=lambda: None,
        )
        assert (await waiting.cancel(job.id)).state == "cancelled"
    assert left_of(home, "bob") == []


async def test_an_archive_of_somebody_who_opted_out_is_refused_under_whatever_name(
    home: Home, sample_file: Path
) -> None:
    async with Store(sqlite_in(home.folder / "data")) as store:
        await store.consent.claim("s1", "discord:1", "ann")
        await store.consent.confirm("s1", "discord:1", "ann", "discord:2")
        await store.consent.opt_out("discord:1", "imitation")
    async with training_in(home) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file])
        refused = await ended(training, job)
        assert refused.state == "failed"
        assert "does not want to be imitated" in refused.error
        await nothing_left_of(home, "bob")
    assert "ann" in home.registry.names()


@pytest.mark.parametrize("way", ["opt_out", "forget"])
async def test_who_opts_out_after_their_voice_was_deleted_is_refused_under_whatever_name(
    home: Home, sample_file: Path, way: str
) -> None:
    """By then nothing of the voice is left that says whose account it was."""
    shutil.move(home.folder / "models" / "ann", home.folder / "models" / "me")
    async with Store(sqlite_in(home.folder / "data")) as store:
        consenting = Consenting(store=store, settings=settings_of(home))
        await consenting.claim("s1", "discord:1", VoiceName("me"))
        await consenting.decide("s1", "discord:1", VoiceName("me"), by="discord:2", confirmed=True)
        assert (await consenting.delete_voice(VoiceName("me"), by="discord:2")).learnable
        await getattr(consenting, way)("discord:1")
    async with training_in(home) as training:
        refused = await ended(training, await training.start("test:1", VoiceName("you"), [sample_file]))
        assert refused.state == "failed"
        assert ("does not want to be imitated" if way == "opt_out" else "asked to be forgotten") in refused.error
        await nothing_left_of(home, "you")


@pytest.mark.parametrize(("server", "quoted"), [("discord:server:1", True), ("discord:server:2", False)])
async def test_news_quote_a_joined_voice_only_where_its_owner_agreed(
    home: Home, sample_file: Path, server: str, quoted: bool
) -> None:
    async with Store(sqlite_in(home.folder / "data")) as store:
        await store.members.join("discord:server:1", "discord:9", "bob")
    notices: list[str] = []
    async with training_in(home, notices=notices, trainer=PromptTrainer()) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file], options={"tell": True, "server": server})
        assert (await ended(training, job)).state == "done"
        async with asyncio.timeout(200):
            while not notices:
                await asyncio.sleep(SOON)
    assert ("•" in notices[0]) is quoted


async def test_how_the_loss_fell_is_kept_of_a_training_that_ended_before_the_next_look(
    home: Home, sample_file: Path
) -> None:
    told = [Progress("train", step, 20, {"loss": 3.0 - step / 10}, percent=5 * step) for step in (1, 10, 20)]
    async with training_in(home, trainer=PromptTrainer(told=told)) as training:
        job = await ended(training, await training.start("test:1", VoiceName("bob"), [sample_file]))
    assert job.options[CURVE] == [[5, 2.9, None], [50, 2.0, None], [100, 1.0, None]]


async def test_the_child_gets_no_secret_and_gives_way(
    home: Home, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_SECRET", "s3cret")
    async with training_in(home, secret_names=frozenset({"BOT_SECRET"}), niceness=19) as training:
        await training.start("test:1", VoiceName("bob"), [sample_file])
        child = await child_process()
        environment = child.environ()
        assert "BOT_SECRET" not in environment
        assert environment["PATH"] == os.environ["PATH"]
        async with asyncio.timeout(200):
            while child.nice() != 19:
                await asyncio.sleep(SOON)


async def test_stopping_ends_the_child_and_the_next_start_goes_on(home: Home, sample_file: Path) -> None:
    async with training_in(home) as training:
        running = await training.start("test:1", VoiceName("bob"), [sample_file])
        waiting = await training.start("test:1", VoiceName("cem"), [sample_file])
        watching = [asyncio.create_task(training.outcome(job)) for job in (running, waiting)]
        child = await child_process()
    for watch in watching:
        with pytest.raises(TrainingFailed, match=r"I was stopped; the training of (bob|cem) goes on"):
            await watch
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert children() == []
    async with training_in(home) as training:
        assert [job.name for job in await training.jobs()] == ["bob", "cem"]
        await training.cancel(waiting.id)
        last = await ended(training, running)
    assert (last.state, last.attempts) == ("done", 1)


async def test_a_child_that_will_not_end_is_killed(home: Home, sample_file: Path) -> None:
    async with training_in(home, seconds_to_end=0.2) as training:
        await training.start("test:1", VoiceName("bob"), [sample_file])
        os.kill((await child_process()).pid, signal.SIGSTOP)
    assert children() == []


async def test_of_two_workers_on_one_database_one_works(home: Home, broken: Path) -> None:
    async with training_in(home) as one, training_in(home) as other:
        jobs = [
            await one.start("test:1", VoiceName("bob"), [broken]),
            await other.start("test:1", VoiceName("cem"), [broken]),
        ]
        most = 0
        while await other.jobs():
            most = max(most, len(children()))
            await asyncio.sleep(SOON)
        assert [(await ended(one, job)).attempts for job in jobs] == [1, 1]
    assert most == 1


async def test_the_next_worker_takes_over_when_the_first_leaves(home: Home, broken: Path) -> None:
    first = training_in(home, seconds_to_end=0.2)
    one = await first.__aenter__()
    job = await one.start("test:1", VoiceName("bob"), [broken])
    os.kill((await child_process()).pid, signal.SIGSTOP)
    async with training_in(home) as other:
        await first.__aexit__(None, None, None)
        assert "I cannot read it at line 1" in (await ended(other, job)).error


async def test_a_training_prunes_old_versions_and_gives_news_with_before_and_after(
    home: Home, sample_file: Path
) -> None:
    for version in ("v2", "v3"):
        shutil.copytree(home.registry.root / "ann" / "v1", home.registry.root / "ann" / version)
    home.registry.promote("ann", "v2")
    notices: list[str] = []
    async with training_in(home, keep_versions=1, notices=notices) as training:
        await training.start("test:1", VoiceName("ann"), [sample_file], options={"tell": True})
        async with asyncio.timeout(600):
            # The news are kept with the end of the job, and the versions are pruned after that.
            while not notices or home.registry.versions("ann") != ["v2", "v4"]:
                await asyncio.sleep(SOON)
    [told] = notices
    assert told.startswith("ann v4 is in use, learned from ")
    assert "It foresees tweets that it had never seen " in told
    assert " v2 did." in told
    assert told.count("\n• ") == 3


async def test_a_locked_database_delays_the_end_of_a_job_and_does_not_lose_it(
    home: Home, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with training_in(home) as training:
        job = await training.start("test:1", VoiceName("bob"), [broken])
        await child_process()
        monkeypatch.setattr("bot.store.sql.database.BUSY_SECONDS", 0.05)
        other = sqlite3.connect(home.folder / "data" / "bot.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(200):
            while children():
                await asyncio.sleep(SOON)
        now = await training.job("bob")
        assert now
        assert now.state == "running", "its end cannot be written down yet"
        other.execute("ROLLBACK")
        other.close()
        assert "I cannot read it at line 1" in (await ended(training, job)).error


DAMAGED = ('{"name": "ann", ', "{}", "[]", "null", '{"created": "2026-02-03", "accounts": [{}], "report": null}')


async def test_a_manifest_that_is_damaged_or_lacks_something_ends_no_worker(home: Home, broken: Path) -> None:
    """One worker meets all of them."""
    async with training_in(home) as training, asyncio.timeout(600):
        for manifest in DAMAGED:
            (home.registry.root / "ann" / "v1" / "manifest.json").write_text(manifest)
            job = await ended(training, await training.start("test:1", VoiceName("ann"), [broken]))
            assert job.error.startswith("v1 of ann is damaged; put another version in use, or ask"), manifest
        job = await training.start("test:1", VoiceName("ann"), [broken])
        after = await training.start("test:1", VoiceName("bob"), [broken])
        assert (await ended(training, job)).error.startswith("v1 of ann is damaged")
        assert "I cannot read it at line 1" in (await ended(training, after)).error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotNow("ann is being forgotten."), "ann is being forgotten."),
        (
            OSError(errno.ENOSPC, "No space left on device", "/srv"),
            "My disk is full; whoever runs me has to make room.",
        ),
        (KeyError("report"), PipelineError.PEOPLE),
    ],
)
async def test_what_goes_wrong_before_the_child_fails_the_job_with_a_sentence(
    home: Home, broken: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def versions(self: Registry, name: str) -> list[str]:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "versions", versions)
        async with training_in(home) as training:
            async with asyncio.timeout(600):
                job = await ended(training, await training.start("test:1", VoiceName("ann"), [broken]))
    assert job.state == "failed"
    assert re.sub(r" \(\w{6}\)$", "", job.error) == sentence


async def test_news_are_told_also_when_the_worker_is_interrupted_after_the_end_of_a_job(
    home: Home, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def release(self: Uploads, files: list[str]) -> None:
        raise StoreUnavailable("The database is gone.")

    monkeypatch.setattr(Uploads, "release", release)
    notices: list[str] = []
    async with training_in(home, notices=notices, trainer=PromptTrainer("Not today.")) as training:
        job = await training.start("test:1", VoiceName("bob"), [sample_file], options={"tell": True})
        assert (await ended(training, job)).state == "failed"
        async with asyncio.timeout(120):
            while not notices:
                await asyncio.sleep(SOON)
    assert notices[0].startswith("The training of bob gave nothing: ")


async def test_what_became_of_a_job_that_was_taken_up_is_told_and_of_others_where_it_is_wanted(
    home: Home, sample_file: Path
) -> None:
    async with Store(sqlite_in(home.folder / "data")) as store:
        await store.jobs.add("bob", "test:1", files=[str(sample_file)], max_waiting=1)
        await store.jobs.take()
    notices: list[str] = []
    async with training_in(home, notices=notices, trainer=PromptTrainer("Not today.")) as training:
        await ended(training, await training.start("test:1", VoiceName("cem"), [sample_file]))
        async with asyncio.timeout(120):
            while not notices:
                await asyncio.sleep(SOON)
    assert [told.partition(":")[0] for told in notices] == ["The training of bob gave nothing"]


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of this size."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_damaged_base_fails_the_job_without_its_path(home: Home, sample_file: Path) -> None:
    base = home.folder / "damaged"
    base.mkdir()
    (base / "config.json").write_text('{"model_type": ')
    config = home.config_file.read_text()
    home.config_file.write_text(re.sub(r'base = ".*"', f'base = "{base}"', config))
    async with training_in(home) as training:
        job = await ended(training, await training.start("test:1", VoiceName("bob"), [sample_file]))
    assert re.fullmatch(r"The language model that I write with cannot be loaded; .* \(\w{6}\)", job.error)
    assert f"The base model {base} cannot be loaded" in job.log


def make_read_only(mounted: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)


async def test_a_full_disk_fails_the_job_with_a_sentence_and_leaves_what_is_in_use(
    home: Home, sample_file: Path
) -> None:
    models = home.registry.root
    with disk(home.folder / "disk", "512k") as small:
        shutil.copytree(models / "ann", small / "ann")
        for number in range(100):
            with suppress(OSError):
                (small / f"filler-{number}").write_bytes(b"x" * 20_000)
        home.config_file.write_text(f'[storage]\nmodels = "{small}"\n' + home.config_file.read_text())
        async with training_in(home) as training:
            job = await ended(training, await training.start("test:1", VoiceName("ann"), [sample_file]))
        assert job.state == "failed"
        assert job.error.startswith("My disk is full; whoever runs me has to make room. (")
        assert "No space left on device" in job.log
        assert "check the disk's space" in job.log
        assert Registry(small).current("ann").version == "v1"


async def test_a_models_folder_that_is_read_only_fails_the_job_with_a_sentence(home: Home, sample_file: Path) -> None:
    with disk(home.folder / "disk", "4m") as small:
        shutil.copytree(home.registry.root / "ann", small / "ann")
        make_read_only(small)
        home.config_file.write_text(f'[storage]\nmodels = "{small}"\n' + home.config_file.read_text())
        async with training_in(home) as training:
            job = await ended(training, await training.start("test:1", VoiceName("ann"), [sample_file]))
        assert job.state == "failed"
        assert job.error.startswith("I may not write where I keep what I learn; whoever runs me has to allow it. (")
        assert "Read-only file system" in job.log
        assert Registry(small).current("ann").version == "v1"

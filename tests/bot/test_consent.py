"""Being forgotten ends the trainings that somebody is in or asked for, with the files that came with them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.consent import Consenting
from bot.leftovers import Leftovers
from bot.store import Store
from bot.training import Training
from bot.uploads import Uploads
from huggingtweets.config import Settings, Storage


def settings_in(tmp_path: Path) -> Settings:
    return Settings(storage=Storage(models=tmp_path / "models", data=tmp_path))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/bot.db") as opened:
        yield opened


@pytest.fixture
def consenting(store: Store, tmp_path: Path) -> Consenting:
    return Consenting(store=store, settings=settings_in(tmp_path))


@pytest.fixture
def training(store: Store, tmp_path: Path) -> Training:
    """Without a worker, so that jobs wait."""
    return Training(
        store=store,
        uploads=Uploads(tmp_path / "uploads"),
        leftovers=Leftovers(settings_in(tmp_path)),
        wake=lambda: None,
    )


def uploaded(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.glob("uploads/*/*/*"))


async def ask(training: Training, tmp_path: Path, person: str, name: str) -> None:
    archive = tmp_path / f"{person}-{name}.zip"
    archive.write_bytes(b"private messages")
    await training.start(person, name, [archive])


async def test_the_archive_of_a_waiting_training_goes_with_the_voice(store, consenting, training, tmp_path) -> None:
    for name in ("bob", "ann-bob", "cat"):
        await ask(training, tmp_path, "p1", name)
    await consenting.forget_voice("bob", by="p2")
    assert uploaded(tmp_path) == ["p1-cat.zip"]
    assert [job.name for job in await training.jobs()] == ["cat"]


async def test_what_a_forgotten_person_asked_for_goes_with_its_files(store, consenting, training, tmp_path) -> None:
    await ask(training, tmp_path, "p1", "cat")
    await ask(training, tmp_path, "p2", "dan")
    await consenting.forget("p1")
    assert uploaded(tmp_path) == ["p2-dan.zip"]
    assert [job.name for job in await training.jobs()] == ["dan"]


async def test_a_joint_training_that_runs_is_ended_before_anything_is_deleted(store, consenting, training) -> None:
    await training.start("p1", "ann-bob")
    job = await store.jobs.take()
    forgetting = asyncio.create_task(consenting.forget_voice("bob", by="p2"))
    async with asyncio.timeout(10):
        while not (await store.jobs.get(job.id)).cancel_requested:
            await asyncio.sleep(0.01)
    assert not forgetting.done()
    await store.jobs.finish(job.id, "cancelled")
    await forgetting
    assert await store.consent.buried("bob") == ["bob"]

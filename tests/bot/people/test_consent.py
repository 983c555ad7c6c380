"""When a person is forgotten, the trainings of their voice and those they asked for end, and the files go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.errors import NotAllowed
from bot.core.uploads import Uploads
from bot.people.consent import Consenting, Deleted
from bot.people.leftovers import Leftovers
from bot.store import Store
from bot.trainings.training import Training
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.people.names import VoiceName
from tests.bot.databases import sqlite_in

ANN = VoiceName("ann")


def settings_in(tmp_path: Path) -> Settings:
    return Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path)) as opened:
        yield opened


@pytest.fixture
def consenting(store: Store, tmp_path: Path) -> Consenting:
    return Consenting(store=store, settings=settings_in(tmp_path))


@pytest.fixture
def training(store: Store, consenting: Consenting, tmp_path: Path) -> Training:
    """There is no worker, so jobs wait."""
    return Training(
        store=store,
        willing=consenting.willing,
        uploads=Uploads(tmp_path / "uploads"),
        leftovers=Leftovers(settings_in(tmp_path)),
        wake=lambda: None,
    )


def uploaded(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.glob("uploads/*/*/*"))


async def ask(training: Training, tmp_path: Path, person: str, name: str) -> None:
    archive = tmp_path / f"{person}-{name}.zip"
    archive.write_bytes(b"private messages")
    await training.start(person, VoiceName(name), [archive])


async def test_the_archive_of_a_waiting_training_goes_with_the_voice(store, consenting, training, tmp_path) -> None:
    for name in ("bob", "ann-bob", "cat"):
        await ask(training, tmp_path, "p1", name)
    await consenting.forget_voice(VoiceName("bob"), by="p2")
    assert uploaded(tmp_path) == ["p1-cat.zip"]
    assert [job.name for job in await training.jobs()] == ["cat"]


async def test_what_a_forgotten_person_asked_for_goes_with_its_files(store, consenting, training, tmp_path) -> None:
    await ask(training, tmp_path, "p1", "cat")
    await ask(training, tmp_path, "p2", "dan")
    await consenting.forget("p1")
    assert uploaded(tmp_path) == ["p2-dan.zip"]
    assert [job.name for job in await training.jobs()] == ["dan"]


async def test_a_joint_training_that_runs_is_ended_before_anything_is_deleted(store, consenting, training) -> None:
    await training.start("p1", VoiceName("ann-bob"))
    job = await store.jobs.take()
    forgetting = asyncio.create_task(consenting.forget_voice(VoiceName("bob"), by="p2"))
    async with asyncio.timeout(120):
        while not (await store.jobs.get(job.id)).cancel_requested:
            await asyncio.sleep(0.01)
    assert not forgetting.done()
    await store.jobs.finish(job.id, "cancelled")
    await forgetting
    assert await store.consent.buried("bob") == ["bob"]


def learned(tmp_path: Path, name: str) -> None:
    version = tmp_path / "models" / name / "v1"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text("{}")


async def test_who_opted_out_is_not_learned_again_after_an_admin_deleted_their_voice(
    store, consenting, tmp_path
) -> None:
    """An admin decides about a voice, but not about the wishes of its owner."""
    learned(tmp_path, "ann")
    await consenting.claim("s1", "p1", ANN)
    await consenting.decide("s1", "p1", ANN, by="admin", confirmed=True)
    await consenting.opt_out("p1")
    assert await consenting.delete_voice(ANN, by="admin") == Deleted((ANN,), learnable=False)
    with pytest.raises(NotAllowed, match="ann does not want to be imitated"):
        await consenting.willing.refuse_to_learn(ANN)
    assert not await consenting.willing.may_speak(ANN)
    assert (await consenting.opt_in("p1")).opted_out
    await consenting.willing.refuse_to_learn(ANN)


async def test_an_opt_out_holds_for_a_voice_that_an_admin_deleted_before(store, consenting, tmp_path) -> None:
    learned(tmp_path, "ann")
    await consenting.claim("s1", "p1", ANN)
    await consenting.decide("s1", "p1", ANN, by="admin", confirmed=True)
    await consenting.claim("s1", "p2", ANN)
    assert (await consenting.delete_voice(ANN, by="admin")).learnable
    await consenting.opt_out("p1")
    with pytest.raises(NotAllowed, match="ann does not want to be imitated"):
        await consenting.willing.refuse_to_learn(ANN)
    assert (await consenting.link("s1", "p2")).state == "pending"

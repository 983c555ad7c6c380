"""What every `Trainer` must do. Subclasses say how one is opened; each test here then runs against the real thing."""

import asyncio
from pathlib import Path

import pytest

from bot.core.errors import TrainingFailed
from bot.trainings.trainer import Lesson, RunningTraining, Trainer
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.events import Done, Skipped
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.versions import STAGED, Registry
from huggingtweets.workflow.pipeline import Outcome

BOB = VoiceName("bob")
SECONDS = 300  # on a busy machine


async def ended(running: RunningTraining) -> None:
    async with asyncio.timeout(SECONDS):
        while not await running.ended(0.05):
            pass


async def reached(running: RunningTraining, stage: str) -> None:
    async with asyncio.timeout(SECONDS):
        while running.heard.stage != stage:
            assert not await running.ended(0.002), running.log


def weights(version_folder: Path) -> bytes:
    return (version_folder / "adapter" / "adapter_model.safetensors").read_bytes()


def moved_to(home: Path, settings: Settings) -> Settings:
    """The same settings for models and tweets in another folder."""
    return settings.model_copy(update={"storage": StorageSettings(models=home / "models", data=home / "data")})


class TrainerContract:
    """A subclass has a fixture `trainer`, and one `registry` of what it trains with the settings of `trained`."""

    async def test_a_training_that_was_stopped_goes_on_and_gives_the_weights_of_an_undisturbed_one(
        self, trainer: Trainer, registry: Registry, sample_file: Path, trained: tuple[Settings, Outcome]
    ) -> None:
        lesson = Lesson(BOB, (str(sample_file),), niceness=0)
        async with trainer.train(lesson) as running:
            await reached(running, "train")
            await running.stop()
            assert await running.ended(SECONDS)
            with pytest.raises(TrainingFailed):
                running.outcome()
        assert (registry.root / BOB / STAGED).exists()
        percents = []
        async with trainer.train(lesson) as running:
            async with asyncio.timeout(SECONDS):
                while not await running.ended(0.02):
                    percents.append(running.heard.percent)
        outcome = running.outcome()
        assert isinstance(outcome, Done)
        assert (outcome.name, outcome.version, outcome.in_use) == (BOB, "v1", True)
        assert percents == sorted(percents)
        assert weights(registry.current(BOB).folder) == weights(trained[1].version.folder)
        async with trainer.train(Lesson(BOB, min_new=10, niceness=0)) as running:
            await ended(running)
        assert isinstance(running.outcome(), Skipped)

    async def test_tweets_that_cannot_be_read_are_told_in_two_sentences(self, trainer: Trainer, tmp_path: Path) -> None:
        broken = tmp_path / "tweets.jsonl"
        broken.write_text("not json\n")
        async with trainer.train(Lesson(VoiceName("cem"), (str(broken),), niceness=0)) as running:
            await ended(running)
        with pytest.raises(TrainingFailed) as failed:
            running.outcome()
        assert str(broken) in str(failed.value)
        assert failed.value.for_people.startswith("tweets.jsonl cannot be used: I cannot read it at line 1")
        assert str(tmp_path) in running.log

    async def test_a_killed_training_ends_at_once(self, trainer: Trainer, sample_file: Path) -> None:
        async with trainer.train(Lesson(VoiceName("dan"), (str(sample_file),), niceness=0)) as running:
            await reached(running, "train")
            await running.kill()
            assert await running.ended(SECONDS)
        with pytest.raises(TrainingFailed, match="was ended from outside"):
            running.outcome()

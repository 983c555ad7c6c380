"""A training leaves a discriminator that has seen no unseen tweet. A version without one is whole, too."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.evaluation.measure import Subject
from huggingtweets.generation.discriminator import Discriminator
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow import forgetting, selecting
from huggingtweets.workflow.pipeline import Outcome

Trained = tuple[Settings, Outcome]


def stored_in(settings: Settings, folder: Path) -> Settings:
    storage = settings.storage.model_copy(update={"models": folder / "models", "data": folder / "data"})
    return settings.model_copy(update={"storage": storage})


def test_a_training_leaves_a_discriminator(trained: Trained) -> None:
    discriminator = Discriminator.read(trained[1].version.discriminator)
    assert discriminator
    assert np.abs(discriminator.ngrams).max() == 127


def test_the_discriminator_is_fitted_without_the_unseen_half(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, outcome = trained
    dataset = Dataset.load(outcome.version.dataset)
    given: list[Any] = []
    monkeypatch.setattr(selecting, "fit", lambda *arguments: given.extend(arguments))
    selecting.leave_discriminator(Subject.of_version(outcome.version, dataset, settings), settings, tmp_path)
    assert given[:2] == [dataset.learned, dataset.shown]
    assert dataset.unseen
    assert not set(dataset.unseen) & {*given[0], *given[1]}
    _, shown, drawn, bits_of_shown, bits_of_drawn = given
    assert [len(bits_of_shown), len(bits_of_drawn)] == [len(shown), len(drawn)]
    assert all(0 < bits < 20 for bits in [*bits_of_shown, *bits_of_drawn])


def test_the_same_tweets_and_voice_give_the_same_discriminator(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    dataset = Dataset.load(outcome.version.dataset)
    selecting.leave_discriminator(Subject.of_version(outcome.version, dataset, settings), settings, tmp_path)
    again = (tmp_path / outcome.version.discriminator.name).read_bytes()
    assert again == outcome.version.discriminator.read_bytes()


def test_no_file_is_left_where_tweets_are_too_few(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    few = Dataset.of_texts(["one tweet", "two tweets"], ["three tweets"])
    selecting.leave_discriminator(Subject.of_version(outcome.version, few, settings), settings, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_forgetting_deletes_it_with_the_version(trained: Trained, tmp_path: Path) -> None:
    settings, _ = trained
    elsewhere = stored_in(settings, tmp_path)
    shutil.copytree(settings.storage.models / "ann", elsewhere.storage.models / "ann")
    assert Registry(elsewhere.storage.models).current("ann").discriminator.exists()
    assert forgetting.forget(VoiceName("ann"), elsewhere)
    assert list(elsewhere.storage.models.rglob("discriminator*")) == []

"""The voice that comes with this software: put in use once, whole, and only on the base that it was learned on."""

import shutil
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.registry.versions import STAGED, Registry
from huggingtweets.sources.sample import sample_account
from huggingtweets.workflow.pipeline import Outcome
from huggingtweets.workflow.sample_voice import install


@pytest.fixture
def settings(trained: tuple[Settings, Outcome], tmp_path: Path) -> Settings:
    """The settings of a fresh machine with the base that the voice was learned on."""
    return trained[0].model_copy(
        update={"storage": StorageSettings(models=tmp_path / "models", data=tmp_path / "data")}
    )


@pytest.fixture
def voice(trained: tuple[Settings, Outcome]) -> Path:
    return trained[1].version.folder


def test_the_voice_is_in_use_with_all_its_files_and_only_once(settings: Settings, voice: Path) -> None:
    handle = sample_account().handle
    leftover = settings.storage.models / handle / STAGED / "half.bin"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    version = install(settings, voice)
    assert version
    assert (version.name, version.version) == (handle, "v1")
    assert Registry(settings.storage.models).current(handle).manifest.samples == version.manifest.samples
    files = {path.relative_to(version.folder) for path in version.folder.rglob("*")}
    assert files == {path.relative_to(voice) for path in voice.rglob("*")}
    assert install(settings, voice) is None


def test_on_another_base_there_is_none(settings: Settings, voice: Path, tiny_base: Path, tmp_path: Path) -> None:
    other = shutil.copytree(tiny_base, tmp_path / "other")
    weights = next(other.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    another = settings.model_copy(update={"training": settings.training.model_copy(update={"base": str(other)})})
    assert install(another, voice) is None
    assert Registry(settings.storage.models).names() == []


def test_without_a_voice_there_is_none(settings: Settings, tmp_path: Path) -> None:
    assert install(settings, tmp_path) is None

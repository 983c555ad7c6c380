"""The voice that comes with this software: put in use once, whole, and only on the base that it was learned on."""

import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.people.names import parse_handle
from huggingtweets.publishing.export import write_card
from huggingtweets.registry import manifest as manifests
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import STAGED, Registry
from huggingtweets.sources.sample import sample_account
from huggingtweets.workflow.make_sample_voice import SHIPPED
from huggingtweets.workflow.pipeline import Outcome
from huggingtweets.workflow.sample_voice import FOLDER, install


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


def test_the_pictures_that_come_with_it_are_as_they_are_drawn_today(tmp_path: Path) -> None:
    """`make_sample_voice --card` draws them anew. The letters in them are those that the page shows."""
    version = Version(parse_handle(sample_account().handle), SHIPPED, FOLDER, manifests.read(FOLDER))
    storage = StorageSettings(models=tmp_path, data=tmp_path)
    write_card(version, Settings(storage=storage), tmp_path / "card")
    for name in ("avatar-keeper_brindle.png", "predictions.png", "predictions-dark.png"):
        shipped, today = (Image.open(folder / name).convert("RGB") for folder in (FOLDER / "card", tmp_path / "card"))
        different = ImageStat.Stat(ImageChops.difference(shipped, today)).mean
        assert max(different) < 0.5, f"{name} differs by {different}: other fonts or edges differ by less"

"""Where voices lie for all machines: a common folder, or a store with a copy on each machine."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cluster.storage import SharedFolder, Store, Unfit
from huggingtweets.core.base_folders import PREPARED
from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.generation.engine.preview_voice import PreviewVoice
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.versions import Registry, Version
from huggingtweets.workflow.pipeline import Outcome


@pytest.fixture
def models(trained: tuple[Settings, Outcome], tmp_path: Path) -> Path:
    shutil.copytree(trained[0].storage.models, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def version(models: Path) -> Version:
    return Registry(models).current("ann")


def store_at(models: Path, tmp_path: Path, machine: str) -> Store:
    return Store(models, f"file://{tmp_path}/store", tmp_path / machine)


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_machine_that_sees_another_folder_says_so(models: Path, tmp_path: Path) -> None:
    storage = SharedFolder(models)
    mark = storage.mark()
    assert storage.mark() == mark
    assert storage.fault(mark) == ""
    elsewhere = SharedFolder(tmp_path / "elsewhere")
    assert "mount it at the same path on every machine" in elsewhere.fault(mark)
    elsewhere.mark()
    assert "another folder is there" in elsewhere.fault(mark)


def test_a_machine_without_the_store_says_so(models: Path, tmp_path: Path) -> None:
    mark = store_at(models, tmp_path, "bot").mark()
    assert store_at(models, tmp_path, "one").fault(mark) == ""
    assert "another store is there" in store_at(models, tmp_path, "one").fault("another mark")
    assert "does not see the store" in Store(models, f"file://{tmp_path}/nowhere", tmp_path / "one").fault(mark)


def test_a_voice_is_copied_whole_and_no_text_of_a_person_goes_to_the_store(
    models: Path, version: Version, tmp_path: Path
) -> None:
    store_at(models, tmp_path, "bot").offer(version)
    one = store_at(models, tmp_path, "one")
    copy = one.here(version)
    assert isinstance(copy, Version)
    assert copy.folder.is_relative_to(tmp_path / "one")
    assert (copy.adapter / "adapter_model.safetensors").read_bytes() == (
        version.adapter / "adapter_model.safetensors"
    ).read_bytes()
    names = files_below(tmp_path / "store") + files_below(tmp_path / "one")
    assert not [name for name in names if "dataset" in name or "profile" in name or ".part-" in name]
    blend = one.here(Blend(((0.5, version), (0.5, version))))
    assert isinstance(blend, Blend)
    assert [part.folder for _, part in blend.parts] == [copy.folder] * 2


def test_a_new_version_of_the_same_number_takes_the_place_of_the_copy(
    models: Path, version: Version, tmp_path: Path
) -> None:
    bot, one = store_at(models, tmp_path, "bot"), store_at(models, tmp_path, "one")
    bot.offer(version)
    one.here(version)
    manifest = version.manifest.model_copy(update={"created": "later"})
    manifest.write(version.folder)
    (version.adapter / "adapter_model.safetensors").write_bytes(b"new")
    later = replace(version, manifest=manifest)
    bot.offer(later)
    copy = one.here(later)
    assert isinstance(copy, Version)
    assert (copy.adapter / "adapter_model.safetensors").read_bytes() == b"new"
    with pytest.raises(Unfit, match="another version"):
        one.here(version)


def test_a_base_that_lies_with_the_voices_is_copied_with_them(models: Path, tmp_path: Path) -> None:
    folder = models / PREPARED / "smollm2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    preview = PreviewVoice(VoiceName("bob"), str(folder), ("one", "two"))
    store_at(models, tmp_path, "bot").offer(preview)
    here = store_at(models, tmp_path, "one").here(preview)
    assert isinstance(here, PreviewVoice)
    assert Path(here.base).is_relative_to(tmp_path / "one")
    assert files_below(Path(here.base)) == ["config.json", "model.safetensors"]
    assert here.texts == preview.texts


def test_forgetting_reaches_the_store_and_every_copy(models: Path, version: Version, tmp_path: Path) -> None:
    bot = store_at(models, tmp_path, "bot")
    together = replace(version, name=VoiceName("ann-bob"))
    machines = [store_at(models, tmp_path, name) for name in ("one", "two")]
    for voice in (version, together):
        bot.offer(voice)
        for machine in machines:
            machine.here(voice)
    assert len(list(tmp_path.glob("*/models/*/v1"))) == 4
    bot.withdraw("bob")
    for machine in machines:
        machine.sweep()
    assert [path.parent.name for path in tmp_path.glob("*/models/*/v1")] == ["ann", "ann"]
    bot.withdraw("ann")
    for machine in machines:
        machine.sweep()
    assert not [name for name in files_below(tmp_path / "store") if "ann" in name]
    assert not [*files_below(tmp_path / "one"), *files_below(tmp_path / "two")]
    with pytest.raises(Unfit):
        machines[0].here(version)


def test_who_was_forgotten_while_nothing_ran_leaves_the_store_at_the_next_start(
    models: Path, version: Version, tmp_path: Path
) -> None:
    store_at(models, tmp_path, "bot").offer(version)
    shutil.rmtree(models / "ann")
    bot = store_at(models, tmp_path, "bot")
    bot.withdraw_unknown()
    assert files_below(tmp_path / "store") == []


def test_on_a_full_disk_older_copies_make_room_and_then_the_machine_says_so(
    models: Path, version: Version, tmp_path: Path, small_disk: Path
) -> None:
    bot, one = store_at(models, tmp_path, "bot"), Store(models, f"file://{tmp_path}/store", small_disk)
    weights = version.adapter / "adapter_model.safetensors"
    weights.write_bytes(bytes(1_200_000))
    other = replace(version, name=VoiceName("bob"))
    for voice in (version, other):
        bot.offer(voice)
        assert isinstance(one.here(voice), Version)
    assert [path.name for path in (small_disk / "models").iterdir() if list(path.glob("*/manifest.json"))] == ["bob"]
    weights.write_bytes(bytes(3_000_000))
    large = replace(version, name=VoiceName("cem"))
    bot.offer(large)
    with pytest.raises(Unfit, match=r"make room there\."):
        one.here(large)
    assert not list(small_disk.glob("models/.part-*"))

"""Where voices lie for all machines: a common folder, or a store with a copy on each machine."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.storage import SharedFolder, Store, Unfit
from huggingtweets.core.config.base_folders import PREPARED
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import UnknownModel
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine.preview_voice import PreviewVoice
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.cluster.stores import Place, file_place, s3_place


@pytest.fixture(params=["file", "s3"])
def place(
    request: pytest.FixtureRequest, trained: tuple[Settings, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws"))
    models = trained[0].storage.models
    if request.param == "file":
        opened = file_place(models, tmp_path)
    else:
        opened = s3_place(models, tmp_path, request.getfixturevalue("s3"), tmp_path / "aws")
    with opened as place:
        yield place


@pytest.fixture
def version(place: Place) -> Version:
    return Registry(place.models).current("ann")


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_machine_that_sees_another_folder_says_so(tmp_path: Path) -> None:
    storage = SharedFolder(tmp_path / "models")
    mark = storage.mark()
    assert storage.mark() == mark
    assert storage.fault(mark) == ""
    elsewhere = SharedFolder(tmp_path / "elsewhere")
    assert "mount it at the same path on every machine" in elsewhere.fault(mark)
    elsewhere.mark()
    assert "another folder is there" in elsewhere.fault(mark)
    assert storage.withdraw_unknown() == set()


def test_a_machine_without_the_store_says_so(place: Place, tmp_path: Path) -> None:
    mark = place.store("bot").mark()
    assert place.store("one").fault(mark) == ""
    assert "another store is there" in place.store("one").fault("another mark")
    assert "does not see the store" in replace(place, url=f"{place.url}-nowhere").store("one").fault(mark)


def test_a_voice_is_copied_whole_and_no_text_of_a_person_goes_to_the_store(
    place: Place, version: Version, tmp_path: Path
) -> None:
    place.store("bot").offer(version)
    one = place.store("one")
    copy = one.here(version)
    assert isinstance(copy, Version)
    assert copy.folder.is_relative_to(tmp_path / "one")
    assert (copy.adapter / "adapter_model.safetensors").read_bytes() == (
        version.adapter / "adapter_model.safetensors"
    ).read_bytes()
    names = place.names() + files_below(tmp_path / "one")
    assert not [name for name in names if "dataset" in name or "profile" in name or ".part-" in name]
    blend = one.here(Blend(((0.5, version), (0.5, version))))
    assert isinstance(blend, Blend)
    assert [part.folder for _, part in blend.parts] == [copy.folder] * 2


def test_a_new_version_of_the_same_number_takes_the_place_of_the_copy(
    place: Place, version: Version, tmp_path: Path
) -> None:
    bot, one = place.store("bot"), place.store("one")
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


def test_a_base_that_lies_with_the_voices_is_copied_with_them(place: Place, tmp_path: Path) -> None:
    folder = place.models / PREPARED / "smollm2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    preview = PreviewVoice(VoiceName("bob"), str(folder), ("one", "two"))
    place.store("bot").offer(preview)
    here = place.store("one").here(preview)
    assert isinstance(here, PreviewVoice)
    assert Path(here.base).is_relative_to(tmp_path / "one")
    assert files_below(Path(here.base)) == ["config.json", "model.safetensors"]
    assert here.texts == preview.texts


def test_forgetting_reaches_the_store_and_every_copy(place: Place, version: Version, tmp_path: Path) -> None:
    bot = place.store("bot")
    together = replace(version, name=VoiceName("ann-bob"))
    machines = [place.store(name) for name in ("one", "two")]
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
    assert not [name for name in place.names() if "ann" in name]
    assert not [*files_below(tmp_path / "one"), *files_below(tmp_path / "two")]
    with pytest.raises(Unfit):
        machines[0].here(version)


def test_who_is_forgotten_by_a_program_beside_the_bot_leaves_the_store_too(
    place: Place, version: Version, tmp_path: Path
) -> None:
    running = place.store("bot")
    running.withdraw_unknown()
    running.offer(version)
    assert running.withdraw_unknown() == set()
    shutil.rmtree(place.models / "ann")  # as `huggingtweets forget` does
    restarted = place.store("bot")
    assert restarted.withdraw_unknown() == {"ann"}
    assert place.names() == []
    assert running.withdraw_unknown() == {"ann"}
    with pytest.raises(UnknownModel):
        running.offer(version)
    assert place.names() == []


@pytest.mark.parametrize("is_late", [False, True], ids=["before its manifest is put", "after its manifest is put"])
def test_who_is_forgotten_while_they_are_put_there_does_not_stay(
    place: Place, version: Version, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    """Another bot deletes the voice and withdraws it just then."""
    bot, other = place.store("bot"), place.store("bot")
    manifest, content = version.folder / "manifest.json", (version.folder / "manifest.json").read_bytes()
    read = Path.read_bytes

    def read_and_forget(path: Path) -> bytes:
        if path == manifest:
            shutil.rmtree(place.models / "ann")
            other.withdraw("ann")
            return content
        return read(path)

    def put_and_forget(store: Store, *what: Any) -> None:
        put(store, *what)
        other.withdraw("ann")
        shutil.rmtree(place.models / "ann")

    put = Store._put
    if is_late:
        monkeypatch.setattr(Store, "_put", put_and_forget)
    else:
        monkeypatch.setattr(Path, "read_bytes", read_and_forget)
    with pytest.raises(UnknownModel):
        bot.offer(version)
    assert place.names() == []


def test_a_voice_that_is_withdrawn_while_it_is_fetched_leaves_no_copy(
    place: Place, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, one = place.store("bot"), place.store("one")
    bot.offer(version)
    fetch = Store._fetch_once

    def fetch_and_forget(store: Store, below: str, last: str) -> None:
        fetch(store, below, last)
        copy = tmp_path / "one" / "models" / below
        kept = copy.rename(tmp_path / "kept")
        bot.withdraw("ann")
        one.sweep()
        kept.rename(copy)  # the sweep came just before the copy was whole

    monkeypatch.setattr(Store, "_fetch_once", fetch_and_forget)
    with pytest.raises(Unfit, match="is not there any more"):
        one.here(version)
    assert files_below(tmp_path / "one") == []


def test_several_processes_of_a_machine_fetch_a_voice_and_sweep_at_the_same_time(
    place: Place, version: Version, tmp_path: Path
) -> None:
    place.store("bot").offer(version)
    processes = [place.store("one") for _ in range(4)]
    killed = tmp_path / "one" / "models" / f".part-{2**22 + 1}-0123"  # no system gives such a number
    (killed / "adapter").mkdir(parents=True)
    with ThreadPoolExecutor(12) as threads:
        copies = [threads.submit(store.here, version) for store in processes * 4]
        sweeps = [threads.submit(store.sweep) for store in processes * 4]
        found = {str(copy.result().folder) for copy in copies}  # type: ignore[union-attr]
        assert [sweep.result() for sweep in sweeps] == [None] * 16
    assert found == {str(tmp_path / "one" / "models" / "ann" / version.version)}
    assert not killed.exists()
    assert not [name for name in files_below(tmp_path / "one") if ".part-" in name]


def test_on_a_full_disk_older_copies_make_room_and_then_the_machine_says_so(
    place: Place, version: Version, tmp_path: Path, small_disk: Path
) -> None:
    bot, one = place.store("bot"), place.store("one", small_disk)
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

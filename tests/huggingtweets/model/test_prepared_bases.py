"""A GGUF file is read once, again when it has changed, and stays usable when it is gone."""

import logging
import os
from pathlib import Path

import pytest

from huggingtweets.core.config.base_folders import gguf_of, located, resolve_base, written
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadBase
from huggingtweets.model import base
from huggingtweets.model.base_languages import base_languages
from huggingtweets.model.catalogue import license_of
from huggingtweets.workflow import pipeline
from tests.huggingtweets.model.tiny_gguf import write_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_file(tmp_path / "small.gguf")
    return tmp_path / "small.gguf"


def readings(caplog: pytest.LogCaptureFixture) -> int:
    return sum("making the base" in line for line in caplog.messages)


def test_it_is_read_once_and_again_only_when_its_content_has_changed(
    file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    where = located(str(file), tmp_path / "models")
    first = base.fingerprint(where)
    base.load(where)
    os.utime(file, ns=(1, 1))
    assert base.fingerprint(where) == first
    assert readings(caplog) == 1, "a file that was only touched is the same"
    write_file(file, seed=5)
    second = base.fingerprint(where)
    assert (second != first, readings(caplog)) == (True, 2)
    write_file(file)
    assert base.fingerprint(where) == first, "the same file is the same base"
    file.unlink()
    assert base.load(where).id == str(file)
    assert base.fingerprint(where) == first


def test_a_changed_file_that_is_damaged_leaves_what_was_read_before(file: Path, tmp_path: Path) -> None:
    where = located(str(file), tmp_path / "models")
    first = base.fingerprint(where)
    whole = file.read_bytes()
    file.write_bytes(whole[:5_000])
    with pytest.raises(BadBase, match=r"small\.gguf is damaged"):
        base.load(where)
    file.write_bytes(whole)
    assert base.fingerprint(where) == first


def test_its_licence_and_languages_are_those_that_it_names(file: Path, tmp_path: Path) -> None:
    where = located(str(file), tmp_path / "models")
    base.prepare(where)
    assert license_of(str(file), tmp_path / "models") == "apache-2.0"
    assert base_languages(where) == {"en"}


def test_a_path_is_told_apart_from_a_name_on_the_hub(tmp_path: Path, file: Path) -> None:
    (tmp_path / "below").mkdir()
    assert resolve_base("../small.gguf", tmp_path / "below") == str(file)
    assert resolve_base("missing.gguf", tmp_path) == "missing.gguf"
    assert base.hub_id("missing.gguf") is None
    assert base.hub_id("hub:owner/name.gguf") == "owner/name.gguf"
    where = located(str(file), tmp_path / "models")
    assert (gguf_of(where), written(where)) == (file, str(file))
    assert written("models/base") == "models/base"


def test_a_voice_is_learned_on_a_file_and_bound_to_it(file: Path, tiny_settings: Settings, sample_file: Path) -> None:
    from huggingtweets.core.people.names import VoiceName
    from huggingtweets.model.merged import load_version

    training = tiny_settings.training.model_copy(update={"base": str(file), "lora_embedding_rank": 0})
    version = pipeline.run(
        VoiceName("ann"), [sample_file], tiny_settings.model_copy(update={"training": training})
    ).version
    assert version.base == str(file)
    assert load_version(version).model.description.heads == 4
    write_file(file, seed=5)
    with pytest.raises(BadBase, match="not the one that ann was trained on any more"):
        load_version(version)

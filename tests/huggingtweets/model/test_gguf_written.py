"""A model that is written as a GGUF file is the same model when it is read again, here and by llama.cpp."""

import json
from pathlib import Path

import pytest
import torch
from gguf import GGMLQuantizationType as Quantization
from gguf import GGUFReader
from tokenizers import Tokenizer, pre_tokenizers

from huggingtweets.core.config.base_folders import located
from huggingtweets.model import base
from huggingtweets.model.base import Base
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import describe
from huggingtweets.model.gguf_file import Unwritable, write
from huggingtweets.model.gguf_file.vocabulary_written import splitting_of
from huggingtweets.model.tokenizer import encode_all
from tests.conftest import sentences
from tests.huggingtweets.model.test_gguf_file import LLAMA_3_2, PRE, TEXT
from tests.huggingtweets.model.tiny_gguf import write_file
from tests.huggingtweets.model.tiny_models import KINDS

READ = torch.tensor([[0, 5, 17, 200, 33, 99, 40, 41, 300]])
FAMILIES = ("gpt2", "gpt2 own head", "smollm2", "tinyllama", "llama linear", "llama 3.2", "qwen2", "qwen3")


def model_of(kind: str, folder: Path) -> Base:
    """A small random model of a family, with its tokenizer."""
    changed = {"rope_parameters": LLAMA_3_2} if kind == "llama 3.2" else {}
    write_file(folder / "theirs.gguf", kind, pre=PRE.get(kind, "smollm"), packed=Quantization.F32, **changed)
    return base.load(located(str(folder / "theirs.gguf"), folder / "models"))


def written(voice: Base, file: Path, weights: Quantization = Quantization.F32) -> Path:
    write(file, voice.model, voice.tokenizer, voice.end_of_text, {"general.name": "a parody"}, weights=weights)
    return file


@pytest.mark.parametrize("kind", FAMILIES)
@torch.inference_mode()
def test_a_model_of_each_family_is_read_again_as_it_was(kind: str, tmp_path: Path) -> None:
    voice = model_of(kind, tmp_path)
    file = written(voice, tmp_path / "ours.gguf")
    again = base.load(located(str(file), tmp_path / "models"))
    torch.testing.assert_close(again.model(READ), voice.model(READ), atol=1e-4, rtol=0)
    assert again.model.description.tied == voice.model.description.tied
    assert (again.context, again.end_of_text, again.banned) == (voice.context, voice.end_of_text, voice.banned)
    texts = [TEXT, *sentences(20, seed=9)]
    for ours, theirs in zip(encode_all(again.tokenizer, texts), encode_all(voice.tokenizer, texts), strict=True):
        assert ours.tolist() == theirs.tolist()


@torch.inference_mode()
def test_half_precision_is_half_as_large_and_keeps_norms_whole(tmp_path: Path) -> None:
    voice = model_of("smollm2", tmp_path)
    full, half = written(voice, tmp_path / "full.gguf"), written(voice, tmp_path / "half.gguf", Quantization.F16)
    assert half.stat().st_size < 0.6 * full.stat().st_size
    kinds = {tensor.name.split(".")[-2]: tensor.tensor_type for tensor in GGUFReader(half).tensors}
    assert (kinds["attn_norm"], kinds["attn_q"]) == (Quantization.F32, Quantization.F16)
    again = base.load(located(str(half), tmp_path / "models"))
    torch.testing.assert_close(again.model(READ), voice.model(READ), atol=2e-2, rtol=0)


@pytest.mark.parametrize("kind", ["gpt2 exact gelu", "gpt2 unscaled", "gpt2 falling"])
def test_what_llama_cpp_computes_in_another_way_is_refused(kind: str, tmp_path: Path) -> None:
    voice = model_of("gpt2", tmp_path)
    model = CausalLM(describe(KINDS[kind]))
    with pytest.raises(Unwritable, match=r"llama\.cpp"):
        write(tmp_path / "refused.gguf", model, voice.tokenizer, 0, {})
    assert not (tmp_path / "refused.gguf").exists()


def test_a_tokenizer_that_parts_texts_in_a_way_of_its_own_is_refused(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_str(model_of("gpt2", tmp_path).tokenizer.to_str())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), pre_tokenizers.ByteLevel()])
    with pytest.raises(Unwritable, match="parts a text"):
        splitting_of(json.loads(tokenizer.to_str()))


@pytest.mark.parametrize("kind", FAMILIES)
@torch.inference_mode()
def test_llama_cpp_draws_the_same_tokens(kind: str, tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")  # no dependency of ours: `pip install llama-cpp-python`
    voice = model_of(kind, tmp_path)
    theirs = llama_cpp.Llama(str(written(voice, tmp_path / "ours.gguf")), n_ctx=96, verbose=False, logits_all=False)
    prompt = encode_all(voice.tokenizer, [TEXT])[0].tolist()
    assert theirs.tokenize(TEXT.encode(), add_bos=True, special=False) == [voice.end_of_text, *prompt]
    tokens = [voice.end_of_text, *prompt]
    drawn = []
    for token in theirs.generate(tokens, temp=0.0, repeat_penalty=1.0):
        drawn.append(token)
        if len(drawn) == 24:
            break
    theirs.close()
    for token in drawn:
        expected = voice.model(torch.tensor([tokens]))[0, -1]
        best = int(expected.argmax())
        assert token == best or expected[best] - expected[token] < 1e-2, "two as likely as each other"
        tokens.append(token)

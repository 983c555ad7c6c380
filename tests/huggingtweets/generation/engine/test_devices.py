"""The settings and the machine decide which decoder computes; int8 costs almost no quality."""

import importlib.util
import platform
import shutil
from pathlib import Path

import pytest
import torch

from huggingtweets.generation.engine import adapters, devices, native
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.tokenizer import encode_all
from tests.huggingtweets.generation.engine.conftest import (
    DECODERS,
    KERNELS_RUN,
    PRODUCTS,
    mean_loss,
    random_gpt2,
    save_adapter,
)


@pytest.mark.parametrize("name", [f"native {name}" for name in PRODUCTS])
def test_the_loss_in_int8_is_within_one_per_cent(posts: list[str], tmp_path: Path, name: str) -> None:
    base = bases.load("models/base")
    weights = Weights.of(base.model)
    save_adapter(base.model, tmp_path, seed=1, rank=64, embedding_rank=64, spread=0.04)
    adapter = adapters.load(tmp_path, weights.layout, torch.float32)
    texts = [[base.end_of_text, *tokens.tolist()[:40]] for tokens in encode_all(base.tokenizer, posts[:20])]
    whole = DECODERS[name](weights)
    exact = TorchDecoder(weights)
    expected = [mean_loss(exact, voice, texts) for voice in (None, adapter)]
    losses = [mean_loss(whole, voice, texts) for voice in (None, adapter)]
    assert losses == pytest.approx(expected, rel=0.01)
    assert not set(losses) & set(expected)
    assert abs(expected[1] - expected[0]) > 0.1


def chosen(gpt2, settings, precision: str = "auto") -> str:
    given = settings.model_copy(update={"precision": precision})
    return type(devices.make_decoder(Weights.of(gpt2), given)).__name__


@pytest.mark.skipif(not KERNELS_RUN, reason="needs a processor with AVX2 and a C compiler")
def test_the_kernels_draw_wherever_they_run(gpt2, tiny_generation) -> None:
    assert chosen(gpt2, tiny_generation, "auto") == chosen(gpt2, tiny_generation, "int8") == "NativeDecoder"
    assert chosen(gpt2, tiny_generation, "fp32") == "TorchDecoder"


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("gcc"), reason="needs gcc on x86-64")
def test_the_installation_compiled_the_kernels() -> None:
    assert importlib.util.find_spec(native.LIBRARY)


def test_without_the_kernels_torch_draws_and_the_log_says_so(gpt2, tiny_generation, monkeypatch, caplog) -> None:
    monkeypatch.setattr(native, "LIBRARY", "huggingtweets.generation.engine.none")
    native._library.cache_clear()
    assert chosen(gpt2, tiny_generation) == "TorchDecoder"
    assert "the kernels cannot be used (the kernels were not compiled when this was installed)" in caplog.text
    native._library.cache_clear()


@pytest.mark.skipif(not KERNELS_RUN, reason="needs a processor with AVX2 and a C compiler")
def test_a_shape_that_the_kernels_cannot_do_is_drawn_by_torch(tiny_generation, caplog) -> None:
    assert chosen(random_gpt2(1, n_embd=40), tiny_generation) == "TorchDecoder"
    assert "no kernels for a width of 40" in caplog.text

"""A random GPT-2 with voices on it, and every decoder that this machine has: what the engine's tests share."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from huggingtweets import lora
from huggingtweets.engine import adapters
from huggingtweets.engine.adapters import Adapter
from huggingtweets.engine.decoder import Decoder
from huggingtweets.engine.openvino_decoder import OpenVinoDecoder
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights

END = 0
VOCABULARY = 307  # no multiple of anything
CONTEXT = 80  # neither

DECODERS: dict[str, Callable[[Weights], Decoder]] = {
    "torch": TorchDecoder,
    "openvino fp32": lambda weights: OpenVinoDecoder(weights, precision="fp32", threads=1),
    "openvino int8": lambda weights: OpenVinoDecoder(weights, precision="int8", threads=1),
}
EXACT = ("torch", "openvino fp32")


@dataclass(frozen=True)
class Voice:
    """An adapter, and the ordinary GPT-2 that it makes of the base."""

    adapter: Adapter | None
    merged: GPT2LMHeadModel


def random_gpt2(seed: int, **settings: object) -> GPT2LMHeadModel:
    """Weights large enough that the tokens it draws depend on all of them."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=64, n_layer=2, n_head=2, bos_token_id=END, eos_token_id=END,
        initializer_range=0.15, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, **settings,
    )  # fmt: skip
    return GPT2LMHeadModel(config).eval()


def save_adapter(
    base: GPT2LMHeadModel, folder: Path, *, seed: int, rank: int, embedding_rank: int = 0, spread: float = 0.15
) -> None:
    """A random adapter for `base`, in peft's format."""
    model = copy.deepcopy(base)
    lora.add(model, rank, alpha=2 * rank, embedding_rank=embedding_rank)
    generator = torch.Generator().manual_seed(seed)
    state = {
        name: spread * torch.randn(tensor.shape, generator=generator) for name, tensor in lora.state(model).items()
    }
    lora.save(state, folder, base="base", rank=rank, alpha=2 * rank, embedding_rank=embedding_rank)


def merged(base: GPT2LMHeadModel, folder: Path) -> GPT2LMHeadModel:
    model = copy.deepcopy(base)
    lora.apply(model, folder)
    return model


@pytest.fixture(scope="session")
def gpt2() -> GPT2LMHeadModel:
    return random_gpt2(seed=1)


@pytest.fixture(scope="session")
def voices(gpt2: GPT2LMHeadModel, tmp_path_factory: pytest.TempPathFactory) -> list[Voice]:
    """The base itself, and three people with adapters of different ranks, two of them on the embedding as well."""
    found = [Voice(None, gpt2)]
    for number, (rank, embedding_rank) in enumerate([(4, 0), (4, 6), (9, 2)]):
        folder = tmp_path_factory.mktemp("adapter")
        save_adapter(gpt2, folder, seed=number, rank=rank, embedding_rank=embedding_rank)
        loaded = adapters.load(folder, Weights.of(gpt2).layout, torch.float32)
        found.append(Voice(loaded, merged(gpt2, folder)))
    return found


@pytest.fixture(scope="session")
def made(gpt2: GPT2LMHeadModel) -> dict[str, Decoder]:
    """Each decoder, made once."""
    return {name: make(Weights.of(gpt2)) for name, make in DECODERS.items()}


@pytest.fixture(params=DECODERS)
def decoder(request: pytest.FixtureRequest, made: dict[str, Decoder]) -> Decoder:
    return made[request.param]


@pytest.fixture(params=EXACT)
def exact_decoder(request: pytest.FixtureRequest, made: dict[str, Decoder]) -> Decoder:
    """Those that compute in fp32."""
    return made[request.param]

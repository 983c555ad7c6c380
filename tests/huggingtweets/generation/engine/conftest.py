"""A random GPT-2 with voices on it, and every decoder that this machine has: what the engine's tests share."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from huggingtweets.generation.engine import adapters, native
from huggingtweets.generation.engine.adapters import Adapter, Held
from huggingtweets.generation.engine.batch import DraftJob
from huggingtweets.generation.engine.decoder import Cells, Decoder, Drawn
from huggingtweets.generation.engine.grid import Grid
from huggingtweets.generation.engine.native_decoder import NativeDecoder
from huggingtweets.generation.engine.rows import Prompt, Row, Sampling
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import lora
from huggingtweets.model.causal import CausalLM
from tests.huggingtweets.model.tiny_models import as_transformers, ours

if TYPE_CHECKING:
    from transformers import PreTrainedModel

END = 0
VOCABULARY = 307  # no multiple of anything
CONTEXT = 80  # neither

DECODERS: dict[str, Callable[[Weights], Decoder]] = {
    "torch": TorchDecoder,
}
PRODUCTS: list[str] = []  # what the kernels can multiply with here
with suppress(RuntimeError):
    PRODUCTS = native.products_here()
KERNELS_RUN = bool(PRODUCTS)
# One step at a time, so that the logits of each can be looked at.
DECODERS |= {
    f"native {name}": lambda weights, name=name: NativeDecoder(weights, threads=2, products=name, burst_seconds=0)
    for name in PRODUCTS
}
BIT_IDENTICAL = [f"native {name}" for name in PRODUCTS]
EXACT = ("torch",)


@dataclass(frozen=True)
class Voice:
    """An adapter, and the ordinary model of transformers that it makes of the base."""

    adapter: Adapter | None
    merged: "PreTrainedModel"


def random_gpt2(seed: int, **settings: object) -> CausalLM:
    """Weights large enough that the tokens it draws depend on all of them."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(seed)
    shape = {"n_embd": 64, "n_layer": 2, "n_head": 2, "vocab_size": VOCABULARY, "initializer_range": 0.15} | settings
    config = GPT2Config(
        n_positions=CONTEXT,
        bos_token_id=END,
        eos_token_id=END,
        attn_pdrop=0.0,
        embd_pdrop=0.0,
        resid_pdrop=0.0,
        **shape,
    )
    return ours(GPT2LMHeadModel(config))


def save_adapter(
    base: CausalLM, folder: Path, *, seed: int, rank: int, embedding_rank: int = 0, spread: float = 0.15
) -> None:
    """A random adapter for `base`, in peft's format."""
    model = copy.deepcopy(base)
    lora.add(model, rank, alpha=2 * rank, embedding_rank=embedding_rank)
    generator = torch.Generator().manual_seed(seed)
    state = {
        name: spread * torch.randn(tensor.shape, generator=generator) for name, tensor in lora.state(model).items()
    }
    lora.save(state, folder, base.description, base="base", rank=rank, alpha=2 * rank)


def merged(base: CausalLM, folder: Path) -> "PreTrainedModel":
    model = copy.deepcopy(base)
    lora.apply(model, folder)
    return as_transformers(model)


@cache
def held(decoder: Decoder, adapter: Adapter | None) -> Held | None:
    """The same each time, as what is in memory is."""
    return decoder.hold(adapter) if adapter else None


def drafts_of(job: DraftJob) -> list[list[int]]:
    """The tokens drawn so far, a list a draft; one that has ended has end-of-text as its last."""
    return [row.drawn for row in job.rows]


def prompt_of(decoder: Decoder, adapter: Adapter | None, tokens: list[int], limit: int = 5) -> Prompt:
    """With one row."""
    own = held(decoder, adapter)
    return Prompt(tokens, own, [Row(own, Sampling(), 0, len(tokens), limit, tokens[-1])])


def mean_loss(decoder: Decoder, adapter: Adapter | None, texts: list[list[int]]) -> float:
    """Of every token of `texts` after the first, each predicted from its prefix."""
    losses = []
    for tokens in texts:
        prefixes = [tokens[:end] for end in range(1, len(tokens))]
        prompts = [prompt_of(decoder, adapter, prefix, 1) for prefix in prefixes]
        losses.append(torch.nn.functional.cross_entropy(decoder.prefill(prompts), torch.tensor(tokens[1:])))
        decoder.arrange(Grid(1, (), ()))
    return float(torch.stack(losses).mean())


@contextmanager
def recorded(patch: pytest.MonkeyPatch) -> Iterator[dict[tuple[int, int], torch.Tensor]]:
    """The logits that each row, by its seed, chose from at each step."""
    seen: dict[tuple[int, int], torch.Tensor] = {}

    def see(cells: Cells, logits: torch.Tensor) -> None:
        for cell in cells.live.nonzero().ravel().tolist():
            seen[int(cells.seeds[cell]), int(cells.steps[cell])] = logits[cell].clone()

    of_torch = Cells.choose

    def choose(cells: Cells, logits: torch.Tensor) -> torch.Tensor:
        see(cells, logits)
        return of_torch(cells, logits)

    of_first_tokens = Cells.choose_alike

    def choose_alike(cells: Cells, logits: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        see(cells, logits.repeat_interleave(counts, dim=0))
        return of_first_tokens(cells, logits, counts)

    of_kernels = NativeDecoder.advance

    def advance(decoder: NativeDecoder, cells: Cells) -> Drawn:
        keys = [
            (cell, int(cells.seeds[cell]), int(cells.steps[cell])) for cell in cells.live.nonzero().ravel().tolist()
        ]
        drawn = of_kernels(decoder, cells)
        for cell, seed, step in keys:
            seen[seed, step] = torch.from_numpy(decoder._decoding.logits[cell, :VOCABULARY].copy())
        return drawn

    with patch.context() as patched:
        patched.setattr(Cells, "choose", choose)
        patched.setattr(Cells, "choose_alike", choose_alike)
        patched.setattr(NativeDecoder, "advance", advance)
        yield seen


@pytest.fixture(scope="session")
def gpt2() -> CausalLM:
    return random_gpt2(seed=1)


@pytest.fixture(scope="session")
def voices(gpt2: CausalLM, tmp_path_factory: pytest.TempPathFactory) -> list[Voice]:
    """The base itself, and three people with adapters of different ranks, two of them on the embedding as well."""
    found = [Voice(None, as_transformers(gpt2))]
    for number, (rank, embedding_rank) in enumerate([(4, 0), (4, 6), (9, 2)]):
        folder = tmp_path_factory.mktemp("adapter")
        save_adapter(gpt2, folder, seed=number, rank=rank, embedding_rank=embedding_rank)
        loaded = adapters.load(folder, Weights.of(gpt2).layout, torch.float32)
        found.append(Voice(loaded, merged(gpt2, folder)))
    return found


@pytest.fixture(scope="session")
def made(gpt2: CausalLM) -> dict[str, Decoder]:
    """Each decoder, made once."""
    return {name: make(Weights.of(gpt2)) for name, make in DECODERS.items()}


@pytest.fixture(params=DECODERS)
def decoder(request: pytest.FixtureRequest, made: dict[str, Decoder]) -> Decoder:
    return made[request.param]


@pytest.fixture(params=EXACT)
def exact_decoder(request: pytest.FixtureRequest, made: dict[str, Decoder]) -> Decoder:
    """Those that compute in fp32."""
    return made[request.param]

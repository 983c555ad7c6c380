"""Adapters are read as peft saves them, add up as blends, and a file that does not fit says so."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from huggingtweets.core.errors import Unavailable
from huggingtweets.generation.engine import adapters
from huggingtweets.generation.engine.adapters import Adapter
from huggingtweets.generation.engine.weights import Layout, Weights
from huggingtweets.model import lora
from huggingtweets.model.causal import CausalLM
from tests.huggingtweets.generation.engine.conftest import random_gpt2, save_adapter
from tests.huggingtweets.model.tiny_models import as_transformers


@pytest.fixture
def folder(gpt2: CausalLM, tmp_path: Path) -> Path:
    save_adapter(gpt2, tmp_path, seed=5, rank=4, embedding_rank=3)
    return tmp_path


def load(gpt2: CausalLM, folder: Path) -> Adapter:
    return adapters.load(folder, Weights.of(gpt2).layout, torch.float32)


def changes(adapter: Adapter) -> list[torch.Tensor]:
    """What it adds to every linear layer, and to the embedding if anything."""
    factors = adapter.factors()
    found = [a @ b for a, b in factors.linears]
    return [*found, factors.embedding[0].T @ factors.embedding[1]] if factors.embedding else found


def test_the_change_is_what_merging_adds(gpt2: CausalLM, folder: Path) -> None:
    model = random_gpt2(seed=1)
    lora.apply(model, folder)
    before, after = Weights.of(gpt2), Weights.of(model)
    theirs = [
        new.parts[name].weight - old.parts[name].weight
        for old, new in zip(before.blocks, after.blocks, strict=True)
        for name in gpt2.description.linears
    ]
    theirs.append(after.tokens - before.tokens)
    for ours, other in zip(changes(load(gpt2, folder)), theirs, strict=True):
        torch.testing.assert_close(ours, other, atol=1e-6, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft 0.21's
@pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to True:UserWarning")  # it is for Conv1D, and peft copes
@pytest.mark.parametrize(
    "chosen",
    [
        {"use_rslora": True},
        {"target_modules": ["c_attn"]},
        {"rank_pattern": {"c_fc": 3}},
        {"target_modules": ["c_attn", "wte", "lm_head"], "ensure_weight_tying": True},
    ],
)
def test_what_peft_trains_is_loaded(gpt2: CausalLM, tmp_path: Path, chosen: dict[str, object]) -> None:
    import peft

    torch.manual_seed(3)
    config = peft.LoraConfig(
        **{"r": 6, "lora_alpha": 5, "target_modules": ["c_attn", "c_proj", "c_fc"], "fan_in_fan_out": True, **chosen},
        init_lora_weights=False,
    )
    model = peft.get_peft_model(as_transformers(random_gpt2(seed=1)), config)
    model.save_pretrained(tmp_path)
    tokens = torch.tensor([[1, 2, 3]])
    with torch.inference_mode():
        theirs = model(tokens).logits
    adapter = load(gpt2, tmp_path)
    merged = random_gpt2(seed=1)
    weights = Weights.of(merged)
    linears = [block.parts[name].weight for block in weights.blocks for name in gpt2.description.linears]
    for weight, change in zip([*linears, weights.tokens], changes(adapter), strict=bool(adapter.embedding_rank)):
        weight.add_(change)
    with torch.inference_mode():
        torch.testing.assert_close(merged(tokens), theirs, atol=1e-4, rtol=1e-4)


def test_a_blend_is_the_weighted_sum(gpt2: CausalLM, folder: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    save_adapter(gpt2, other, seed=6, rank=7, embedding_rank=5)
    a, b = load(gpt2, folder), load(gpt2, other)
    mixed = adapters.blend([(1.0, a), (0.25, b)])
    assert (mixed.rank, mixed.embedding_rank) == (11, 8)
    for got, of_a, of_b in zip(changes(mixed), changes(a), changes(b), strict=True):
        torch.testing.assert_close(got, of_a + 0.25 * of_b, atol=1e-5, rtol=1e-5)


def test_an_adapter_takes_little_memory(gpt2: CausalLM, folder: Path) -> None:
    layout = Weights.of(gpt2).layout
    loaded = adapters.load(folder, layout, torch.float16)
    assert loaded.bytes == 2 * adapters.size(layout, 4, 3) == 2 * (4 * sum(map(sum, layout.linears)) + 3 * (307 + 64))
    gpt2_124m = Layout(tuple(12 * [(768, 2304), (768, 768), (768, 3072), (3072, 768)]), 50_257, 768, tied=True)
    assert (1 << 30) / (2 * adapters.size(gpt2_124m, 8, 8)) >= 150


def unlink(folder: Path) -> None:
    (folder / lora.WEIGHTS).unlink()


def scribble(folder: Path) -> None:
    (folder / lora.WEIGHTS).write_bytes(b"\x05" * 100)


def settings(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / lora.SETTINGS).write_text(text)


def weight(name: str, *shape: int, value: float = 1.0) -> Callable[[Path], None]:
    """Put one more tensor into the file."""

    def add(folder: Path) -> None:
        weights = load_file(folder / lora.WEIGHTS)
        weights[f"base_model.model.{name}"] = torch.full(shape, value)
        save_file(weights, folder / lora.WEIGHTS)

    return add


def half_an_embedding(folder: Path) -> None:
    weights = load_file(folder / lora.WEIGHTS)
    del weights["base_model.model.transformer.wte.lora_embedding_B"]
    save_file(weights, folder / lora.WEIGHTS)


A = "lora_A.weight"
PLAIN = '"peft_type": "LORA", "lora_alpha": 1'
BREAKS: dict[str, Callable[[Path], object]] = {
    "No such file": unlink,
    "header": scribble,
    "Expecting": settings("{"),
    "no plain LoRA": settings('{"peft_type": "IA3"}'),
    "the shape of transformer.h.0.attn.c_attn": weight(f"transformer.h.0.attn.c_attn.{A}", 4, 3),
    "not finite": weight(f"transformer.h.0.attn.c_attn.{A}", 4, 64, value=torch.nan),
    "it also changes transformer.h.7.attn.c_attn": weight(f"transformer.h.7.attn.c_attn.{A}", 4, 64),
    "it also changes transformer.h.0.ln_1": weight(f"transformer.h.0.ln_1.{A}", 4, 64),
    "it also changes transformer.wpe": weight("transformer.wpe.lora_embedding_A", 4, 80),
    "the embedding has half an adapter": half_an_embedding,
    "an alpha for each layer": settings(f'{{{PLAIN}, "ensure_weight_tying": true, "alpha_pattern": {{"c_fc": 2}}}}'),
    "not tied to its head": settings(f"{{{PLAIN}}}"),
}


@pytest.mark.parametrize("why", BREAKS)
def test_a_file_that_cannot_be_used_is_told(gpt2: CausalLM, folder: Path, why: str) -> None:
    BREAKS[why](folder)
    with pytest.raises(Unavailable, match=rf"The adapter in .* cannot be used \(.*{why}.*\); roll back or train again"):
        load(gpt2, folder)


@pytest.mark.parametrize("rank", [1_025, 200_000])
def test_a_rank_that_no_adapter_needs_is_refused_before_it_takes_memory(
    gpt2: CausalLM, folder: Path, rank: int
) -> None:
    weights = load_file(folder / lora.WEIGHTS)
    name = next(name for name in weights if name.endswith("lora_A.weight"))
    weights[name] = torch.zeros(rank, weights[name].shape[1])
    save_file(weights, folder / lora.WEIGHTS)
    with pytest.raises(Unavailable, match=f"its rank is {rank:,}, and the model is"):
        load(gpt2, folder)
    settings = json.loads((folder / lora.SETTINGS).read_text())
    (folder / lora.SETTINGS).write_text(json.dumps(settings | {"r": rank}))
    with pytest.raises(ValueError, match=f"its rank is {rank:,}"):
        lora.apply(random_gpt2(seed=1), folder)


@pytest.mark.parametrize("name", [lora.SETTINGS, lora.WEIGHTS])
def test_a_pipe_where_a_file_should_be_is_refused(gpt2: CausalLM, folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(Unavailable, match="plain file"):
        load(gpt2, folder)


@pytest.mark.parametrize("text", ["[]", "5", "null", "[" * 200_000])
def test_settings_that_are_none_are_refused(gpt2: CausalLM, folder: Path, text: str) -> None:
    (folder / lora.SETTINGS).write_text(text)
    with pytest.raises(Unavailable, match="cannot be used"):
        load(gpt2, folder)

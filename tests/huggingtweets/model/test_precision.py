"""bfloat16 is used only if the processor can multiply it."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

from huggingtweets.model import lora, precision
from huggingtweets.model.loss import summed_loss
from huggingtweets.model.packing import pack
from huggingtweets.model.precision import computes_bfloat16, fast, frozen_as_multiplied
from tests.huggingtweets.model.tiny_models import FAMILIES, ours, random_model

CPU = torch.device("cpu")


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="reads the processor's own list")
def test_it_follows_what_the_processor_says() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    assert computes_bfloat16(CPU) == ("avx512_bf16" in flags or "amx_tile" in flags)


def test_products_are_in_the_precision_that_was_found() -> None:
    with fast(CPU):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if computes_bfloat16(CPU) else torch.float32)


def test_a_torch_without_those_names_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not computes_bfloat16(CPU)


# torch has no fused norm for queries in bfloat16 and weights in fp32
@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight:UserWarning")
@pytest.mark.parametrize("kind", [*FAMILIES, "gpt2 own head", "tinyllama"])
@pytest.mark.parametrize("embedding_rank", [0, 5])
def test_frozen_matrices_held_as_they_are_multiplied_give_the_same_bits(
    kind: str, embedding_rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With bfloat16 everywhere: processors that do not multiply it fast do so slowly."""
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: True)
    rows = pack([np.arange(1, 9, dtype=np.int32), np.arange(3, 20, dtype=np.int32)], 32, 0)

    def gradients(*, are_held: bool) -> list[torch.Tensor]:
        model = ours(random_model(kind, seed=5)).requires_grad_(False)
        head, table = model.head, model.body.tokens.weight
        half = torch.bfloat16 if are_held else torch.float32
        with frozen_as_multiplied(model) if are_held else nullcontext():
            torch.manual_seed(4)
            lora.add(model, rank=3, alpha=6.0, embedding_rank=embedding_rank)
            lora.restore(model, {name: torch.randn_like(each) * 0.1 for name, each in lora.state(model).items()})
            assert {model.body.blocks[0].up.frozen.weight.dtype, head.weight.dtype} == {half}
            assert table.dtype == model.body.norm.weight.dtype == torch.float32
            with fast(CPU):
                summed_loss(model, rows).backward()
        assert {weight.dtype for weight in model.parameters()} == {torch.float32}
        assert (head.weight is table) == model.description.tied
        return [weight.grad for weight in model.parameters() if weight.requires_grad]

    for ours_, theirs in zip(gradients(are_held=True), gradients(are_held=False), strict=True):
        assert torch.equal(ours_, theirs)


def test_what_learns_stays_in_fp32() -> None:
    model = ours(random_model("smollm2", seed=5))
    with frozen_as_multiplied(model):
        assert {weight.dtype for weight in model.parameters()} == {torch.float32}

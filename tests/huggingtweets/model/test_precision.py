"""bfloat16 is used only if the processor can multiply it."""

from pathlib import Path

import pytest
import torch

from huggingtweets.model.precision import computes_bfloat16, fast

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

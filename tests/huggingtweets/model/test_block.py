"""A gated feed-forward network keeps less for its gradients than autograd would, and they are the same."""

import pytest
import torch

from huggingtweets.model.block import ACTIVATIONS, gated
from huggingtweets.model.families.description import Activation

SHAPE = (2, 5, 16)


def numbers(dtype: torch.dtype) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(SHAPE, generator=random).to(dtype).requires_grad_() for _ in range(2)]


@pytest.mark.parametrize("activation", ["silu", "gelu_tanh"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_output_and_gradients_are_those_of_the_formula(activation: Activation, dtype: torch.dtype) -> None:
    slope = torch.randn(SHAPE, generator=torch.Generator().manual_seed(2)).to(dtype)
    gate, up = numbers(dtype)
    expected = ACTIVATIONS[activation](gate) * up
    expected.backward(slope)
    own_gate, own_up = numbers(dtype)
    drawn = gated(activation, own_gate, own_up)
    drawn.backward(slope)
    assert torch.equal(drawn, expected)
    for own, other in ((own_gate.grad, gate.grad), (own_up.grad, up.grad)):
        assert own is not None
        assert other is not None
        torch.testing.assert_close(own, other, rtol=1e-5, atol=1e-6)


def test_gradients_are_right_to_the_last_bits_of_double_precision() -> None:
    assert torch.autograd.gradcheck(lambda gate, up: gated("silu", gate, up), numbers(torch.float64))


def test_two_tensors_are_kept_and_no_third() -> None:
    gate, up = numbers(torch.float32)
    kept: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        gated("silu", gate, up)
    assert sorted(kept) == sorted([gate.data_ptr(), up.data_ptr()])

"""The loss of packed rows equals the sum of the losses of the single documents."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from huggingtweets.model import lora
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.loss import (
    LOGITS_AT_ONCE,
    bits_per_byte,
    document_mask,
    linear_cross_entropy,
    mean_loss,
    summed_loss,
)
from huggingtweets.model.packing import IGNORED, pack
from tests.huggingtweets.model.tiny_models import ours

END = 0
TEXTS = [np.array(text, np.int32) for text in ([5, 6, 7], [8], [9, 10, 11, 12, 13], [5, 5])]


@pytest.fixture
def model() -> CausalLM:
    torch.manual_seed(3)
    from transformers import GPT2Config, GPT2LMHeadModel

    return ours(GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=16, n_layer=2, n_head=2)))


def alone(model: CausalLM, text: list[int]) -> float:
    """The summed loss of one document, by a plain forward pass."""
    framed = torch.tensor([[END, *text, END]])
    logits = model(framed[:, :-1])[0]
    return functional.cross_entropy(logits, framed[0, 1:], reduction="sum").item()


@torch.no_grad()
def test_documents_in_one_row_do_not_see_each_other(model: CausalLM) -> None:
    model.train(False)
    rows = pack(TEXTS, 16, END)
    assert len(rows) == 1
    expected = sum(alone(model, text.tolist()) for text in TEXTS)
    assert summed_loss(model, rows).item() == pytest.approx(expected, rel=1e-5)


def test_the_mask_shows_the_own_document_up_to_here() -> None:
    mask = document_mask(torch.tensor([[0, 0, 1, -1]]))
    assert mask.shape == (1, 1, 4, 4)
    assert mask[0, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_the_mean_is_without_dropout_and_the_mode_is_put_back(model: CausalLM) -> None:
    rows = pack(TEXTS, 8, END)
    model.train(True)
    first, second = mean_loss(model, rows), mean_loss(model, rows)
    assert first == second
    assert model.training
    model.train(False)
    with torch.no_grad():
        assert first == pytest.approx(summed_loss(model, rows).item() / rows.token_count, rel=1e-6)
    mean_loss(model, rows)
    assert not model.training


def test_the_mean_does_not_depend_on_the_batches(model: CausalLM) -> None:
    rows = pack(TEXTS, 8, END)
    assert len(rows) > 1
    assert mean_loss(model, rows, batch_rows=1) == pytest.approx(mean_loss(model, rows, batch_rows=9), rel=1e-6)


def test_the_mode_is_put_back_after_a_failure(model: CausalLM) -> None:
    model.train(True)
    with pytest.raises(IndexError):
        mean_loss(model, pack([np.array([99], np.int32)], 8, END))
    assert model.training


class Products(TorchDispatchMode):
    """Notes the shapes of all products of matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[torch.Size] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
            self.shapes.append(made.shape)
        return made


def test_a_loss_that_is_only_read_makes_no_gradients_of_a_head_that_is_not_frozen() -> None:
    hidden, weight = torch.randn(6, 4), torch.randn(20, 4).requires_grad_()
    with torch.no_grad(), Products() as read:
        without = linear_cross_entropy([(hidden, weight)], torch.arange(6))
    with Products() as learned:
        loss = linear_cross_entropy([(hidden, weight)], torch.arange(6))
    assert read.shapes == [(6, 20)]
    assert weight.shape in learned.shapes
    assert torch.equal(without, loss)


def test_bits_per_byte_of_a_coin_a_byte_are_one() -> None:
    assert bits_per_byte(50 * math.log(2), byte_count=50) == pytest.approx(1.0)
    assert bits_per_byte(20 * math.log(2), byte_count=40) == pytest.approx(0.5)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("places_at_once", [3, 50])
def test_the_gradients_worked_out_on_the_way_are_those_of_autograd(
    frozen: bool, places_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(4)
    monkeypatch.setitem(LOGITS_AT_ONCE, "cpu", places_at_once * 30)
    targets = torch.randint(0, 30, (20,))
    targets[::6] = IGNORED
    inputs = torch.randn(20, 8)
    weights = torch.randn(30, 8)

    def gradients(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> list[torch.Tensor | None]:
        hidden = inputs.clone().requires_grad_()
        weight = weights.clone().requires_grad_(not frozen)
        total = loss(hidden, weight)
        (total / 7).backward()
        return [total.detach(), hidden.grad, weight.grad]

    fused = gradients(lambda hidden, weight: linear_cross_entropy(((hidden, weight),), targets))
    theirs = gradients(
        lambda hidden, weight: functional.cross_entropy(
            hidden @ weight.T, targets, ignore_index=IGNORED, reduction="sum"
        )
    )
    for one, other in zip(fused, theirs, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            torch.testing.assert_close(one, other)


@torch.no_grad()
def test_the_attention_for_packed_rows_gives_the_loss_of_the_fused_one(
    model: CausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.train(False)
    rows = pack(TEXTS, 8, END)
    assert rows.used.tolist() != [8] * len(rows), "some places are empty"
    before = mean_loss(model, rows)
    monkeypatch.setattr("huggingtweets.model.loss.bias", lambda mask, *_: mask)
    assert mean_loss(model, rows) == pytest.approx(before, rel=1e-6)


def test_training_in_bfloat16_goes_nearly_the_same_way(model: CausalLM) -> None:
    rows = pack(TEXTS, 16, END)

    def gradients(half: bool) -> torch.Tensor:
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = summed_loss(model, rows)
        loss.backward()
        assert loss.dtype == torch.float32
        return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    model.train(False)
    exact, half = gradients(half=False), gradients(half=True)
    assert not torch.equal(exact, half)
    assert functional.cosine_similarity(exact, half, dim=0) > 0.999


def test_an_adapter_on_the_embedding_learns_the_same_way(model: CausalLM) -> None:
    """Compares the fused loss with a plain forward pass over each document."""
    model.train(False)
    lora.add(model, rank=2, alpha=4.0, embedding_rank=3)
    torch.manual_seed(6)
    lora.restore(model, {name: torch.randn_like(weight) * 0.1 for name, weight in lora.state(model).items()})
    text = TEXTS[2]
    framed = torch.tensor([[END, *text.tolist(), END]])

    def gradients(loss: torch.Tensor) -> dict[str, torch.Tensor]:
        model.zero_grad()
        loss.backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}

    theirs = gradients(functional.cross_entropy(model(framed[:, :-1])[0], framed[0, 1:], reduction="sum"))
    fused = gradients(summed_loss(model, pack([text], 16, END)))
    assert fused.keys() == theirs.keys()
    assert {"body.tokens.a", "body.tokens.b"} < fused.keys()
    for name, gradient in fused.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-4)

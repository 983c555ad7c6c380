"""The loss of packed rows is the loss of each document by itself."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel

from huggingtweets.loss import bits_per_byte, document_mask, mean_loss, summed_loss
from huggingtweets.packing import pack

END = 0
TEXTS = [np.array(text, np.int32) for text in ([5, 6, 7], [8], [9, 10, 11, 12, 13], [5, 5])]


@pytest.fixture
def model() -> GPT2LMHeadModel:
    torch.manual_seed(3)
    return GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=16, n_layer=2, n_head=2))


def alone(model: GPT2LMHeadModel, text: list[int]) -> float:
    """The summed loss of one document, by transformers' own forward."""
    framed = torch.tensor([[END, *text, END]])
    logits = model(framed[:, :-1]).logits[0]
    return functional.cross_entropy(logits, framed[0, 1:], reduction="sum").item()


@torch.no_grad()
def test_documents_in_one_row_do_not_see_each_other(model: GPT2LMHeadModel) -> None:
    model.train(False)
    rows = pack(TEXTS, 16, END)
    assert len(rows) == 1
    expected = sum(alone(model, text.tolist()) for text in TEXTS)
    assert summed_loss(model, rows).item() == pytest.approx(expected, rel=1e-5)


def test_the_mask_shows_the_own_document_up_to_here() -> None:
    mask = document_mask(torch.tensor([[0, 0, 1, -1]]))
    assert mask.shape == (1, 1, 4, 4)
    assert mask[0, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_the_mean_is_without_dropout_and_the_mode_is_put_back(model: GPT2LMHeadModel) -> None:
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


def test_the_mean_does_not_depend_on_the_batches(model: GPT2LMHeadModel) -> None:
    rows = pack(TEXTS, 8, END)
    assert len(rows) > 1
    assert mean_loss(model, rows, batch_rows=1) == pytest.approx(mean_loss(model, rows, batch_rows=9), rel=1e-6)


def test_the_mode_is_put_back_after_a_failure(model: GPT2LMHeadModel) -> None:
    model.train(True)
    with pytest.raises(IndexError):
        mean_loss(model, pack([np.array([99], np.int32)], 8, END))
    assert model.training


def test_bits_per_byte_of_a_coin_a_byte_are_one() -> None:
    assert bits_per_byte(math.log(2), token_count=50, byte_count=50) == pytest.approx(1.0)
    assert bits_per_byte(2 * math.log(2), token_count=10, byte_count=40) == pytest.approx(0.5)

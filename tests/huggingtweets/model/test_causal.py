"""Our module computes the same as transformers, for every family and its settings."""

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional

from huggingtweets.core import atomic
from huggingtweets.model import checkpoint
from huggingtweets.model.attention import bias
from huggingtweets.model.causal import Cache, CausalLM
from huggingtweets.model.families import describe
from huggingtweets.model.loss import document_mask
from huggingtweets.model.packing import pack
from tests.huggingtweets.model.tiny_models import CONTEXT, END, FAMILIES, KINDS, VOCABULARY, random_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    Pair = tuple[PreTrainedModel, CausalLM]

TOKENS = torch.randint(1, VOCABULARY, (3, CONTEXT), generator=torch.Generator().manual_seed(2))


def ours_of(theirs: "PreTrainedModel", folder: Path) -> CausalLM:
    """The same model, written to files and loaded again."""
    theirs.save_pretrained(folder)
    config = atomic.read_json(folder / "config.json")
    return checkpoint.read(describe(config), sorted(folder.glob("*.safetensors")))


@pytest.fixture(params=KINDS, scope="module")
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Pair":
    theirs = random_model(request.param)
    return theirs, ours_of(theirs, tmp_path_factory.mktemp("model"))


@torch.no_grad()
def test_logits_are_those_of_transformers_over_the_whole_context(pair: "Pair") -> None:
    theirs, ours = pair
    logits = theirs(TOKENS).logits
    assert logits.std() > 0.3, "the model says nothing"
    torch.testing.assert_close(ours(TOKENS), logits, atol=1e-4, rtol=0)


@torch.no_grad()
def test_greedy_tokens_are_those_of_transformers_read_one_by_one(pair: "Pair") -> None:
    theirs, ours = pair
    prompt = TOKENS[:1, :40]
    expected = theirs.generate(prompt, do_sample=False, min_new_tokens=30, max_new_tokens=30, pad_token_id=END)
    cache, tokens, drawn = Cache(), prompt, [*prompt[0].tolist()]
    for _ in range(30):
        logits = ours(tokens, cache)[:, -1]
        logits[:, END] = -torch.inf
        tokens = logits.argmax(-1, keepdim=True)
        drawn.append(int(tokens))
    assert drawn == expected[0].tolist()
    assert cache.length == len(drawn) - 1


@torch.no_grad()
@pytest.mark.parametrize("in_products", [False, True])
def test_documents_in_a_row_are_read_as_if_alone(pair: "Pair", in_products: bool) -> None:
    theirs, ours = pair
    documents = [TOKENS[0, :9].numpy(), TOKENS[1, :14].numpy(), TOKENS[2, :5].numpy()]
    rows = pack(documents, 40, END)
    mask = document_mask(torch.from_numpy(rows.documents))
    if in_products:
        mask = bias(mask, ours.description.heads, torch.float32)
    inputs = torch.from_numpy(rows.inputs).long()
    hidden = ours.body(inputs, torch.from_numpy(rows.positions), mask)
    logits = ours.head(hidden)
    assert len(rows) == 1
    for number in range(3):
        places = np.nonzero(rows.documents[0] == number)[0]
        alone = theirs(inputs[:, places]).logits[0]
        torch.testing.assert_close(logits[0, places], alone, atol=1e-4, rtol=0)


def test_gradients_are_those_of_transformers(pair: "Pair") -> None:
    theirs, ours = copy.deepcopy(pair)
    targets = TOKENS[:, 1:].flatten()
    for logits in (theirs(TOKENS).logits, ours(TOKENS)):
        functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets).backward()
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for parameter in ours.parameters():
        parameter.data = parameter.grad
    seen = 0
    for name, gradient in checkpoint.tensors(ours):
        torch.testing.assert_close(gradient, gradients[name], atol=1e-5, rtol=1e-3)
        seen += 1
    assert seen == len(gradients)


@pytest.mark.parametrize("kind", KINDS)
def test_the_description_counts_the_parameters(kind: str, tmp_path: Path) -> None:
    theirs = random_model(kind)
    ours = ours_of(theirs, tmp_path)
    count = sum(parameter.numel() for parameter in theirs.parameters())
    assert ours.description.parameters == count == sum(parameter.numel() for parameter in ours.parameters())


@torch.no_grad()
@pytest.mark.parametrize("kind", [*FAMILIES, "gpt2 own head", "tinyllama"])
def test_what_is_written_is_read_by_transformers(kind: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    theirs = random_model(kind)
    ours = ours_of(theirs, tmp_path / "theirs")
    checkpoint.write(ours, tmp_path / "ours", torch.float32, largest_file="60KB")
    assert len(list((tmp_path / "ours").glob("*.safetensors"))) > 1
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "ours")
    assert type(again) is type(theirs)
    torch.testing.assert_close(again(TOKENS).logits, theirs(TOKENS).logits, atol=1e-5, rtol=0)


@torch.no_grad()
def test_weights_come_back(tmp_path: Path) -> None:
    ours = ours_of(random_model("smollm2"), tmp_path)
    before = ours(TOKENS)
    weights = {name: tensor.clone() for name, tensor in checkpoint.tensors(ours)}
    for parameter in ours.parameters():
        parameter.zero_()
    checkpoint.restore(ours, weights)
    assert torch.equal(ours(TOKENS), before)


@torch.no_grad()
def test_weights_that_were_saved_without_a_head_are_read(tmp_path: Path) -> None:
    theirs = random_model("gpt2")
    ours = ours_of(theirs, tmp_path / "whole")
    theirs.transformer.save_pretrained(tmp_path / "body")
    again = checkpoint.read(ours.description, sorted((tmp_path / "body").glob("*.safetensors")))
    assert torch.equal(again(TOKENS), ours(TOKENS))

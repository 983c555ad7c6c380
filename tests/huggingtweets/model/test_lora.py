"""An adapter learns while the base stays frozen, merges exactly, and can be loaded by the peft library."""

import copy
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from huggingtweets.model import lora
from huggingtweets.model.causal import CausalLM, Linear
from huggingtweets.model.families.description import FEED_FORWARD
from tests.huggingtweets.model.tiny_models import FAMILIES, as_transformers, ours, random_model

TOKENS = torch.arange(12).reshape(2, 6)


@pytest.fixture(params=[*FAMILIES, "gpt2 own head", "tinyllama"], scope="module")
def plain(request: pytest.FixtureRequest) -> CausalLM:
    """A model without adapters. Tests change copies of it alone."""
    return ours(random_model(request.param, seed=5))


def with_new_adapters(
    plain: CausalLM, embedding_rank: int = 0, parts: tuple[str, ...] | None = FEED_FORWARD
) -> CausalLM:
    """A copy with new adapters, which do not change the output."""
    model = copy.deepcopy(plain)
    torch.manual_seed(4)
    lora.add(model, rank=3, alpha=6.0, embedding_rank=embedding_rank, layers=lora.linears(model, parts))
    return model


def adapted(plain: CausalLM, embedding_rank: int = 0, parts: tuple[str, ...] | None = FEED_FORWARD) -> CausalLM:
    """A copy with adapters that change the output."""
    model = with_new_adapters(plain, embedding_rank, parts)
    torch.manual_seed(6)
    lora.restore(model, {name: torch.randn_like(weight) * 0.1 for name, weight in lora.state(model).items()})
    return model


@torch.no_grad()
def logits(model: CausalLM) -> torch.Tensor:
    return model(TOKENS)


@pytest.fixture(params=[0, 5], ids=["linears", "embedding too"])
def embedding_rank(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_a_new_adapter_changes_nothing(plain: CausalLM, embedding_rank: int) -> None:
    assert torch.equal(logits(with_new_adapters(plain, embedding_rank)), logits(plain))


@pytest.fixture(params=[FEED_FORWARD, None, ("down",)], ids=["feed-forward", "all", "down"])
def parts(request: pytest.FixtureRequest) -> tuple[str, ...] | None:
    return request.param


def test_linear_layers_of_the_blocks_have_one_and_nothing_else_learns(
    plain: CausalLM, parts: tuple[str, ...] | None
) -> None:
    every = {name for name, layer in plain.named_modules() if isinstance(layer, Linear)}
    assert len(every) == plain.description.layers * len(plain.description.linears)
    linears = {name for name in every if parts is None or name.endswith(parts)}
    model = adapted(plain, parts=parts)
    assert {name for name, layer in model.named_modules() if isinstance(layer, lora.LoraLinear)} == linears
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learning == {f"{name}.{part}" for name in linears for part in "ab"}


def test_the_embedding_has_one_where_it_is_asked_for_and_is_the_head(plain: CausalLM) -> None:
    learning = {name for name, parameter in adapted(plain, 5).named_parameters() if parameter.requires_grad}
    others = {name for name, parameter in adapted(plain).named_parameters() if parameter.requires_grad}
    assert learning - others == ({"body.tokens.a", "body.tokens.b"} if plain.description.tied else set())


def test_merged_and_unmerged_give_the_same(plain: CausalLM, embedding_rank: int) -> None:
    model = adapted(plain, embedding_rank)
    assert not torch.allclose(logits(model), logits(plain), atol=1e-2)
    before = logits(model)
    lora.merge(model)
    assert torch.allclose(logits(model), before, atol=1e-4)
    assert model.state_dict().keys() == plain.state_dict().keys()


def test_a_state_comes_back(plain: CausalLM, embedding_rank: int) -> None:
    model = adapted(plain, embedding_rank)
    weights = {name: weight.clone() for name, weight in lora.state(model).items()}
    before = logits(model)
    lora.restore(model, {name: torch.zeros_like(weight) for name, weight in weights.items()})
    assert not torch.equal(logits(model), before)
    lora.restore(model, weights)
    assert torch.equal(logits(model), before)


def save(model: CausalLM, folder: Path) -> None:
    lora.save(lora.state(model), folder, model.description, base="here", rank=3, alpha=6.0)


def test_what_was_saved_is_applied(
    plain: CausalLM, tmp_path: Path, embedding_rank: int, parts: tuple[str, ...] | None
) -> None:
    model, other = adapted(plain, embedding_rank, parts), copy.deepcopy(plain)
    save(model, tmp_path / "adapter")
    lora.apply(other, tmp_path / "adapter")
    # Half precision keeps 11 bits of a weight.
    assert torch.allclose(logits(other), logits(model), atol=5e-3)
    assert not any(isinstance(layer, lora.LoraLinear | lora.LoraEmbedding) for layer in other.modules())
    assert (other.head.weight is other.body.tokens.weight) == plain.description.tied


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft 0.21's
@pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to True:UserWarning")  # for Conv1D; peft corrects it
@pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning")  # the head shares the embedding's adapter
def test_the_peft_library_gives_the_same_logits(
    plain: CausalLM, tmp_path: Path, embedding_rank: int, parts: tuple[str, ...] | None
) -> None:
    from peft import PeftModel

    own = adapted(plain, embedding_rank, parts)
    save(own, tmp_path / "adapter")
    applied = copy.deepcopy(plain)
    lora.apply(applied, tmp_path / "adapter")
    loaded = PeftModel.from_pretrained(as_transformers(plain), str(tmp_path / "adapter"))
    theirs = sum(name.endswith("lora_A.default.weight") and "lm_head" not in name for name in loaded.state_dict())
    assert theirs == sum(name.endswith("lora_A.weight") for name in lora.state(own)), "no other layer has one"
    with torch.no_grad():
        assert torch.allclose(loaded(TOKENS).logits, logits(applied), atol=1e-4)


def test_only_the_adapter_learns(plain: CausalLM, embedding_rank: int) -> None:
    model = adapted(plain, embedding_rank)
    frozen = {name: p.clone() for name, p in model.named_parameters() if not p.requires_grad}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    before = lora.state(model)
    functional.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten()).backward()
    optimiser.step()
    after = lora.state(model)
    assert all(not torch.equal(after[name], before[name]) for name in before)
    parameters = dict(model.named_parameters())
    assert all(torch.equal(parameters[name], weight) for name, weight in frozen.items())


def test_weights_of_another_adapter_are_refused(plain: CausalLM) -> None:
    with pytest.raises(KeyError):
        lora.restore(adapted(plain), {})
    with pytest.raises(KeyError, match="lora_A"):
        lora.restore(adapted(plain), lora.state(adapted(plain, parts=None)))


def test_what_starts_at_zero_learns_faster(plain: CausalLM, embedding_rank: int) -> None:
    model = with_new_adapters(plain, embedding_rank)
    slow, fast = lora.groups(model, 8.0)
    assert (slow["rate"], fast["rate"]) == (1.0, 8.0)
    assert all(not parameter.any() for parameter in fast["params"])
    assert all(parameter.any() for parameter in slow["params"])
    learning = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    assert {id(parameter) for parameter in slow["params"] + fast["params"]} == learning

"""An adapter learns what the frozen model does not, merges exactly, and is what the peft library reads."""

from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.pytorch_utils import Conv1D

from huggingtweets.model import lora

TOKENS = torch.arange(12).reshape(2, 6)


def make_model() -> GPT2LMHeadModel:
    torch.manual_seed(5)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=16, n_layer=2, n_head=2))
    return model.train(False)


def adapted(embedding_rank: int = 0) -> GPT2LMHeadModel:
    """A model with adapters that do something."""
    model = make_model()
    lora.add(model, rank=3, alpha=6.0, embedding_rank=embedding_rank)
    torch.manual_seed(6)
    lora.restore(model, {name: torch.randn_like(weight) * 0.1 for name, weight in lora.state(model).items()})
    return model


@torch.no_grad()
def logits(model: torch.nn.Module) -> torch.Tensor:
    return model(TOKENS).logits


@pytest.fixture(params=[0, 5], ids=["linears", "embedding too"])
def embedding_rank(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_a_new_adapter_changes_nothing(embedding_rank: int) -> None:
    model = make_model()
    before = logits(model)
    lora.add(model, rank=3, alpha=6.0, embedding_rank=embedding_rank)
    assert torch.equal(logits(model), before)


def test_every_linear_layer_of_the_blocks_has_one_and_nothing_else_learns() -> None:
    plain = make_model()
    linears = {name for name, layer in plain.named_modules() if isinstance(layer, Conv1D)}
    assert len(linears) == 2 * 4
    model = adapted()
    assert {name for name, layer in model.named_modules() if isinstance(layer, lora.LoraLinear)} == linears
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learning == {f"{name}.{part}" for name in linears for part in "ab"}


def test_the_embedding_has_one_where_it_is_asked_for() -> None:
    learning = {name for name, parameter in adapted(5).named_parameters() if parameter.requires_grad}
    assert learning - {name for name, parameter in adapted().named_parameters() if parameter.requires_grad} == {
        "transformer.wte.a",
        "transformer.wte.b",
    }


def test_merged_and_unmerged_give_the_same(embedding_rank: int) -> None:
    model = adapted(embedding_rank)
    assert not torch.allclose(logits(model), logits(make_model()), atol=1e-2)
    before = logits(model)
    lora.merge(model)
    assert torch.allclose(logits(model), before, atol=1e-5)
    assert model.state_dict().keys() == make_model().state_dict().keys()


def test_a_state_comes_back(embedding_rank: int) -> None:
    model = adapted(embedding_rank)
    weights = {name: weight.clone() for name, weight in lora.state(model).items()}
    before = logits(model)
    lora.restore(model, {name: torch.zeros_like(weight) for name, weight in weights.items()})
    assert not torch.equal(logits(model), before)
    lora.restore(model, weights)
    assert torch.equal(logits(model), before)


def save(model: GPT2LMHeadModel, folder: Path, embedding_rank: int) -> None:
    lora.save(lora.state(model), folder, base="here", rank=3, alpha=6.0, embedding_rank=embedding_rank)


def test_what_was_saved_is_applied(tmp_path: Path, embedding_rank: int) -> None:
    model = adapted(embedding_rank)
    save(model, tmp_path / "adapter", embedding_rank)
    other = make_model()
    lora.apply(other, tmp_path / "adapter")
    # Half precision keeps eleven bits of a weight.
    assert torch.allclose(logits(other), logits(model), atol=2e-3)
    assert not any(isinstance(layer, lora.LoraLinear | lora.LoraEmbedding) for layer in other.modules())
    assert other.lm_head.weight is other.transformer.wte.weight


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft 0.21's
@pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to True:UserWarning")  # it is for Conv1D, and peft copes
@pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning")  # the head's are the embedding's
def test_the_peft_library_gives_the_same_logits(tmp_path: Path, embedding_rank: int) -> None:
    from peft import PeftModel

    save(adapted(embedding_rank), tmp_path / "adapter", embedding_rank)
    ours = make_model()
    lora.apply(ours, tmp_path / "adapter")
    loaded = PeftModel.from_pretrained(make_model(), str(tmp_path / "adapter"))
    assert torch.allclose(logits(loaded), logits(ours), atol=1e-5)


def test_only_the_adapter_learns(embedding_rank: int) -> None:
    model = adapted(embedding_rank)
    frozen = {name: p.clone() for name, p in model.named_parameters() if not p.requires_grad}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    before = lora.state(model)
    before = {name: weight.clone() for name, weight in before.items()}
    model(TOKENS, labels=TOKENS).loss.backward()
    optimiser.step()
    after = lora.state(model)
    assert all(not torch.equal(after[name], before[name]) for name in before)
    parameters = dict(model.named_parameters())
    assert all(torch.equal(parameters[name], weight) for name, weight in frozen.items())


def test_weights_of_another_adapter_are_refused() -> None:
    with pytest.raises(KeyError):
        lora.restore(adapted(), {})


def test_what_starts_at_zero_learns_faster(embedding_rank: int) -> None:
    model = make_model()
    lora.add(model, rank=3, alpha=6.0, embedding_rank=embedding_rank)
    slow, fast = lora.groups(model, 8.0)
    assert (slow["rate"], fast["rate"]) == (1.0, 8.0)
    assert all(not parameter.any() for parameter in fast["params"])
    assert all(parameter.any() for parameter in slow["params"])
    learning = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    assert {id(parameter) for parameter in slow["params"] + fast["params"]} == learning

"""Our AdamW has the numbers of torch's, takes its states, and gives it ours. It needs no compiler."""

import copy
import io
import subprocess
import sys
from typing import Any

import pytest
import torch

from huggingtweets.training.adamw import AdamW, Optimiser, adamw

BETAS = (0.9, 0.99)
CPU = torch.device("cpu")


def parameters() -> list[torch.nn.Parameter]:
    chance = torch.Generator().manual_seed(1)
    shapes = ((5, 3), (4,), (2, 7), (3,))
    return [torch.nn.Parameter(torch.randn(shape, generator=chance)) for shape in shapes]


def groups(ours: list[torch.nn.Parameter]) -> list[dict[str, Any]]:
    """Two groups as a training has them. The keys that it adds stay in the state."""
    return [
        {"params": ours[:2], "rate": 1.0, "decayed": True, "weight_decay": 0.1},
        {"params": ours[2:], "rate": 0.5, "decayed": False, "weight_decay": 0.0},
    ]


def learn(optimiser: Optimiser, ours: list[torch.nn.Parameter], steps: range) -> None:
    for step in steps:
        chance = torch.Generator().manual_seed(step)
        for number, parameter in enumerate(ours):
            # One of them has no gradient in some steps, as an embedding may have none.
            has_gradient = number or step % 3
            parameter.grad = torch.randn(parameter.shape, generator=chance) if has_gradient else None
        for group in optimiser.param_groups:
            group["lr"] = 0.01 * group["rate"] / (step + 1)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        assert all(parameter.grad is None for parameter in ours)


def make(kind: str, ours: list[torch.nn.Parameter]) -> Optimiser:
    if kind == "torch":
        return torch.optim.AdamW(groups(ours), lr=0.01, betas=BETAS)
    return adamw(groups(ours), CPU, learning_rate=0.01, betas=BETAS)


def test_it_has_exactly_the_numbers_of_torch() -> None:
    ours, theirs = parameters(), parameters()
    mine = make("ours", ours)
    assert isinstance(mine, AdamW)
    learn(mine, ours, range(20))
    learn(make("torch", theirs), theirs, range(20))
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("before", ["ours", "torch"])
@pytest.mark.parametrize("after", ["ours", "torch"])
def test_a_state_on_the_disk_is_gone_on_from_whosever_it_is(before: str, after: str) -> None:
    """A run may have begun with an older version of this software, or on a GPU."""
    whole, parted = parameters(), parameters()
    learn(make("torch", whole), whole, range(12))
    first = make(before, parted)
    learn(first, parted, range(6))
    file = io.BytesIO()
    torch.save(copy.deepcopy(first.state_dict()), file)
    file.seek(0)
    second = make(after, parted)
    second.load_state_dict(torch.load(file, weights_only=True))
    learn(second, parted, range(6, 12))
    assert all(torch.equal(one, other) for one, other in zip(whole, parted, strict=True))


def test_a_state_of_other_parameters_is_refused() -> None:
    ours = parameters()
    state = make("ours", ours).state_dict()
    other = AdamW([{"params": ours[:1], "weight_decay": 0.0}], learning_rate=0.1, betas=BETAS)
    with pytest.raises(ValueError, match=r"shorter|longer|other parameters"):
        other.load_state_dict(state)


def test_neither_a_base_nor_a_training_imports_the_compiler() -> None:
    script = (
        "import sys, torch\n"
        "from huggingtweets.training.adamw import adamw\n"
        "from huggingtweets.core.config.base_folders import EMBEDDED\n"
        "from huggingtweets.model.base import load\n"
        "from torch.nn.utils import clip_grad_norm_\n"
        "load(EMBEDDED)\n"
        "weight = torch.nn.Parameter(torch.ones(2, 2))\n"
        "optimiser = adamw([{'params': [weight], 'weight_decay': 0.1}], weight.device, learning_rate=0.1, "
        "betas=(0.9, 0.99))\n"
        "weight.square().sum().backward()\n"
        "clip_grad_norm_([weight], 1.0)\n"
        "optimiser.step()\n"
        "optimiser.load_state_dict(optimiser.state_dict())\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

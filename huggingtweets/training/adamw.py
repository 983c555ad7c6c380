"""AdamW (Loshchilov and Hutter 2019) on a CPU, in the order of operations that torch has there, so with its numbers.

Torch's own imports its compiler when it is made. That takes 1.5 s, and many seconds when the disk's cache is cold, for
something that is never compiled here. On a GPU torch's own is used, because it updates all tensors in a few kernels.

Knows tensors and the form of torch's states. Does not know models, schedules or files.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

Group = dict[str, Any]
EPSILON = 1e-8


class Optimiser(Protocol):
    """What a training needs of an optimiser."""

    param_groups: list[Group]

    def step(self) -> Any: ...
    def zero_grad(self, set_to_none: bool = True) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> None: ...


def adamw(
    groups: Iterable[Group], device: torch.device, *, learning_rate: float, betas: tuple[float, float]
) -> Optimiser:
    """The optimiser for parameters on `device`. Each of `groups` has its `params` and its `weight_decay`."""
    if device.type == "cpu":
        return AdamW(groups, learning_rate=learning_rate, betas=betas)
    return torch.optim.AdamW(list(groups), lr=learning_rate, betas=betas)


class AdamW:
    """One state for each parameter that has ever had a gradient. Its `state_dict` can be loaded by torch's AdamW."""

    def __init__(self, groups: Iterable[Group], *, learning_rate: float, betas: tuple[float, float]):
        defaults = {"lr": learning_rate, "betas": betas, "eps": EPSILON}
        self.param_groups: list[Group] = [defaults | group for group in groups]
        self._state: dict[int, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Change every parameter that has a gradient."""
        for number, parameter, group in self._parameters():
            if parameter.grad is not None:
                _update(parameter, parameter.grad, self._state_of(number, parameter), group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients."""
        assert set_to_none, "zeros would be moments of their own"
        for _, parameter, _ in self._parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The state in torch's form: by the number of the parameter."""
        groups, number = [], 0
        for group in self.param_groups:
            count = len(group["params"])
            groups.append(group | {"params": list(range(number, number + count))})
            number += count
        return {"state": {number: dict(state) for number, state in self._state.items()}, "param_groups": groups}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Take on a state of the same parameters, which this or torch's AdamW has given."""
        for group, saved in zip(self.param_groups, state["param_groups"], strict=True):
            if len(group["params"]) != len(saved["params"]):
                raise ValueError("the state is of other parameters")
            group |= {key: value for key, value in saved.items() if key != "params"}
        self._state = {
            number: {key: value.to(torch.float32).clone() for key, value in state["state"][number].items()}
            for number, _, _ in self._parameters()
            if number in state["state"]
        }

    def _parameters(self) -> Iterator[tuple[int, Tensor, Group]]:
        parameters = ((parameter, group) for group in self.param_groups for parameter in group["params"])
        return ((number, parameter, group) for number, (parameter, group) in enumerate(parameters))

    def _state_of(self, number: int, parameter: Tensor) -> dict[str, Tensor]:
        if number not in self._state:
            zeros = {key: torch.zeros_like(parameter) for key in ("exp_avg", "exp_avg_sq")}
            self._state[number] = {"step": torch.tensor(0.0), **zeros}
        return self._state[number]


def _update(parameter: Tensor, gradient: Tensor, state: dict[str, Tensor], group: Group) -> None:
    rate, (beta1, beta2) = group["lr"], group["betas"]
    state["step"] += 1
    step = state["step"].item()
    if group["weight_decay"]:
        parameter.mul_(1 - rate * group["weight_decay"])
    state["exp_avg"].lerp_(gradient, 1 - beta1)
    state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    spread = (state["exp_avg_sq"].sqrt() / (1 - beta2**step) ** 0.5).add_(group["eps"])
    parameter.addcdiv_(state["exp_avg"], spread, value=-rate / (1 - beta1**step))

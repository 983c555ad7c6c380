"""Low-rank adapters on GPT-2's linear layers: y = x W + b + (alpha / r) (x A) B, with W frozen.

After Hu et al. 2021, "LoRA". Saved in the format of the peft library, so that it can load what we train.

Knows torch and the layers of a GPT-2. Does not know training, tokens or versions.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.pytorch_utils import Conv1D

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel

TARGETS = ("c_attn", "c_proj", "c_fc")
WEIGHTS = "adapter_model.safetensors"
SETTINGS = "adapter_config.json"
State = dict[str, torch.Tensor]


class LoraLinear(nn.Module):
    """A frozen `Conv1D` (weight [in, out]) with a trainable `a` [in, r] and `b` [r, out]; `b` starts at zero."""

    def __init__(self, frozen: Conv1D, rank: int, alpha: float):
        super().__init__()
        inputs, outputs = frozen.weight.shape
        self.frozen = frozen
        self.scale = alpha / rank
        self.a = nn.Parameter(torch.empty(inputs, rank, device=frozen.weight.device))
        self.b = nn.Parameter(torch.zeros(rank, outputs, device=frozen.weight.device))
        nn.init.kaiming_uniform_(self.a.T, a=math.sqrt(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = x @ self.a
        return self.frozen(x) + (low * self.scale) @ self.b  # type: ignore[no-any-return]

    def merged(self) -> Conv1D:
        """The frozen layer with the adapter added into its weight, in place."""
        with torch.no_grad():
            self.frozen.weight.add_(self.scale * self.a @ self.b)
        return self.frozen


def add(model: "GPT2LMHeadModel", rank: int, alpha: float) -> None:
    """Freeze `model` and put an adapter on every linear layer of its blocks; head and embeddings stay as they are."""
    model.requires_grad_(False)
    for parent, name, layer in list(_linears(model)):
        setattr(parent, name, LoraLinear(layer, rank, alpha))


def merge(model: "GPT2LMHeadModel") -> None:
    """Take the adapters of `model` into its weights; afterwards it is an ordinary GPT-2 again."""
    for parent in list(model.transformer.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, LoraLinear):
                setattr(parent, name, layer.merged())


def state(model: "GPT2LMHeadModel") -> State:
    """The adapters' weights under peft's names: lora_A is [r, in], lora_B is [out, r]."""
    weights: State = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLinear):
            weights[f"base_model.model.{name}.lora_A.weight"] = layer.a.detach().T.contiguous().cpu()
            weights[f"base_model.model.{name}.lora_B.weight"] = layer.b.detach().T.contiguous().cpu()
    return weights


def restore(model: "GPT2LMHeadModel", weights: State) -> None:
    """Put `state`'s weights back into the adapters of `model`."""
    with torch.no_grad():
        for name, layer in model.named_modules():
            if isinstance(layer, LoraLinear):
                layer.a.copy_(weights[f"base_model.model.{name}.lora_A.weight"].T)
                layer.b.copy_(weights[f"base_model.model.{name}.lora_B.weight"].T)


def save(weights: State, folder: Path, *, base: str, rank: int, alpha: float) -> None:
    """Write an adapter folder that `peft.PeftModel.from_pretrained` loads."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "target_modules": list(TARGETS),
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": True,
        "inference_mode": True,
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")


def apply(model: "GPT2LMHeadModel", folder: Path) -> None:
    """Merge the adapter saved in `folder` into `model`."""
    settings = json.loads((folder / SETTINGS).read_text())
    add(model, settings["r"], settings["lora_alpha"])
    restore(model, load_file(folder / WEIGHTS))
    merge(model)


def _linears(model: "GPT2LMHeadModel") -> Iterator[tuple[nn.Module, str, Conv1D]]:
    """(parent, attribute, layer) of every linear layer of the blocks."""
    for parent in model.transformer.modules():
        for name, layer in parent.named_children():
            if name in TARGETS and isinstance(layer, Conv1D):
                yield parent, name, layer

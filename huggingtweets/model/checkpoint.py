"""Reads and writes a model in the file layout of transformers: config.json, and weights in safetensors files.

Knows safetensors, descriptions and the module. Does not know tokenizers, adapters or the Hub.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import save_torch_state_dict
from safetensors import safe_open

from huggingtweets.core import atomic
from huggingtweets.model.causal import CausalLM, Linear
from huggingtweets.model.families import ARCHITECTURES, Description

CONFIG = "config.json"
GENERATION = "generation_config.json"


class Damaged(Exception):
    """The weights do not fit the model that config.json describes. The message says what is wrong."""


def read(description: Description, files: Sequence[Path]) -> CausalLM:
    """Loads the model whose weights are in `files`, in fp32 and without gradients.

    Raises `Damaged` if weights are missing or have another shape. Errors of safetensors are passed on.
    """
    with torch.device("meta"):
        model = CausalLM(description)
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    names = _names(model)
    state: dict[str, torch.Tensor] = {}
    for path in files:
        with safe_open(atomic.require_file(path), framework="pt") as file:
            stored = set(file.keys())
            for name, theirs in names.items():
                # A model that was saved without its head lacks the common prefix of the names.
                candidates = (theirs, theirs.removeprefix(description.prefix))
                stored_name = next((candidate for candidate in candidates if candidate in stored), "")
                if stored_name and name not in state:
                    state[name] = _ours(file.get_tensor(stored_name), transposed=_is_transposed(model, name))
    if missing := [names[name] for name in shapes if name not in state]:
        raise Damaged(f"{len(missing)} weights are missing, the first is {min(missing)}")
    for name, shape in shapes.items():
        if state[name].shape != shape:
            raise Damaged(f"the shape of {names[name]} is {tuple(state[name].shape)}, not {tuple(shape)}")
    model.load_state_dict(state, strict=False, assign=True)
    if description.tied:
        model.head.weight = model.body.tokens.weight
    return model


def write(model: CausalLM, folder: Path, dtype: torch.dtype, largest_file: str = "5GB") -> None:
    """Write `model` into `folder` with its weights in `dtype`. transformers alone can load it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {theirs: tensor.to(dtype) for theirs, tensor in tensors(model)}
    save_torch_state_dict(state, folder, max_shard_size=largest_file)
    config = model.description.config
    written = {
        **config,
        "architectures": [ARCHITECTURES[config["model_type"]]],
        "dtype": str(dtype).removeprefix("torch."),
        "tie_word_embeddings": model.description.tied,
    }
    (folder / CONFIG).write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def write_sampling(folder: Path, end_of_text: int, **settings: float) -> None:
    """Write the sampling settings that transformers uses for the model in `folder`."""
    ends = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), end_of_text)
    text = json.dumps({"do_sample": True, **settings, **ends}, indent=2, sort_keys=True)
    (folder / GENERATION).write_text(text + "\n")


def tensors(model: CausalLM) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights under the checkpoint's names and in its layout. A tied head is left out."""
    parameters = dict(model.named_parameters())
    for name, theirs in _names(model).items():
        tensor = parameters[name].detach()
        yield theirs, tensor.T.contiguous() if _is_transposed(model, name) else tensor


def restore(model: CausalLM, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy weights that came from `tensors` back into `model`."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, theirs in _names(model).items():
            parameters[name].copy_(_ours(weights[theirs], transposed=_is_transposed(model, name)))


def _names(model: CausalLM) -> dict[str, str]:
    """Maps our name of each parameter to the checkpoint's name."""
    names = {}
    for name, _ in model.named_parameters():
        module, _, kind = name.rpartition(".")
        names[name] = f"{model.description.checkpoint_name(module)}.{kind}"
    return names


def _is_transposed(model: CausalLM, name: str) -> bool:
    module, _, kind = name.rpartition(".")
    return model.description.outputs_first and kind == "weight" and isinstance(model.get_submodule(module), Linear)


def _ours(tensor: Any, *, transposed: bool) -> torch.Tensor:
    ours: torch.Tensor = (tensor.T if transposed else tensor).float().contiguous()
    return ours

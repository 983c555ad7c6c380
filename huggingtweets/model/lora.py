"""Low-rank adapters: y = x W + b + (alpha / r) (x A) B in the linear layers of the blocks, with W frozen.

The embedding can have an adapter too, which the tied head shares. A base that was trained mostly on forum posts must
learn a person's words, and it learns them in the embedding. After Hu et al. 2021, "LoRA". The adapters are saved in the
format of the peft library, so that peft can load them.

Knows torch and the parts of our module. Does not know training, tokens or versions.
"""

import json
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from huggingtweets.core import atomic
from huggingtweets.model.causal import CausalLM, Head, Linear
from huggingtweets.model.families import Description
from huggingtweets.model.families.description import FEED_FORWARD

USUAL_RANKS = 1_024  # a rank up to this is never refused, even for a small model
WEIGHTS = "adapter_model.safetensors"
SETTINGS = "adapter_config.json"
PEFT = "base_model.model."  # the prefix of every name in peft's files
State = dict[str, torch.Tensor]
# The layers of a block that [training] lora_layers names; None stands for all of them.
PARTS: dict[str, Collection[str] | None] = {"all": None, "feed-forward": FEED_FORWARD}


class LoraLinear(nn.Module):
    """A frozen `Linear` (weight [in, out]) with a trainable `a` [in, r] and `b` [r, out]. `b` starts at zero."""

    def __init__(self, frozen: Linear, rank: int, alpha: float):
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

    def merged(self) -> Linear:
        """Adds the adapter into the frozen weight, in place. Returns the frozen layer."""
        with torch.no_grad():
            self.frozen.weight.add_(self.scale * self.a @ self.b)
        return self.frozen


class LoraEmbedding(nn.Module):
    """A frozen `Embedding` (weight [vocabulary, width]), `a` [vocabulary, r] and `b` [r, width]. `a` starts at zero."""

    def __init__(self, frozen: nn.Embedding, rank: int, alpha: float):
        super().__init__()
        self.frozen = frozen
        self.scale = alpha / rank
        self.a = nn.Parameter(torch.zeros(frozen.num_embeddings, rank, device=frozen.weight.device))
        self.b = nn.Parameter(torch.empty(rank, frozen.embedding_dim, device=frozen.weight.device))
        nn.init.kaiming_uniform_(self.b, a=math.sqrt(5))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        low = functional.embedding(tokens, self.a)
        return self.frozen(tokens) + (low * self.scale) @ self.b  # type: ignore[no-any-return]

    def merged(self) -> nn.Embedding:
        """Adds the adapter into the frozen weight, in place, and so into the tied head. Returns the embedding."""
        with torch.no_grad():
            self.frozen.weight.add_(self.scale * self.a @ self.b)
        return self.frozen


class LoraHead(nn.Module):
    """The head that is tied to a `LoraEmbedding`. It uses the same adapter, transposed."""

    def __init__(self, frozen: Head, embedding: LoraEmbedding):
        super().__init__()
        self.frozen = frozen
        # The tuple hides the embedding from torch, so that its parameters are not counted twice.
        self._embedding = (embedding,)

    def parts(self, hidden: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
        """Pairs of [places, n] and [vocabulary, n]. The sum of their products is the logits of `hidden`."""
        (embedding,) = self._embedding
        low = hidden @ embedding.b.T
        return (hidden, self.frozen.weight), (low * embedding.scale, embedding.a)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        (_, weight), (low, a) = self.parts(hidden)
        return functional.linear(hidden, weight) + functional.linear(low, a)


def add(
    model: CausalLM, rank: int, alpha: float, embedding_rank: int = 0, layers: Collection[str] | None = None
) -> None:
    """Freeze `model` and put an adapter on linear layers of its blocks, and on the embedding if its rank is not 0.

    `layers` holds their names in the model, as `linears` gives them. None stands for all of them. All adapters have the
    same scale, `alpha / rank`. If the head is not tied to the embedding, the embedding gets no adapter: peft and the
    engine share one adapter between the two, and on the embedding alone it teaches few words.
    """
    model.requires_grad_(False)
    for name in linears(model) if layers is None else layers:
        frozen = model.get_submodule(name)
        assert isinstance(frozen, Linear)
        _put(model, name, LoraLinear(frozen, rank, alpha))
    if embedding_rank and model.description.tied:
        frozen, head = model.body.tokens, model.head
        assert isinstance(frozen, nn.Embedding)
        assert isinstance(head, Head)
        embedding = LoraEmbedding(frozen, embedding_rank, alpha / rank * embedding_rank)
        model.body.tokens = embedding
        model.head = LoraHead(head, embedding)


def linears(model: CausalLM, parts: Collection[str] | None = None) -> list[str]:
    """The names of the linear layers of all blocks, or of those `parts` of each, such as "up"."""
    return [
        name
        for name, layer in model.body.blocks.named_modules(prefix="body.blocks")
        if isinstance(layer, Linear) and (parts is None or name.rpartition(".")[2] in parts)
    ]


def groups(model: CausalLM, b_rate: float) -> list[dict[str, Any]]:
    """The adapters' parameters in groups for an optimiser. Those that start at zero learn `b_rate` times as fast.

    After Hayou et al. 2024, "LoRA+".
    """
    slow: list[nn.Parameter] = []
    fast: list[nn.Parameter] = []
    for layer in model.modules():
        if isinstance(layer, LoraLinear):
            slow.append(layer.a)
            fast.append(layer.b)
        elif isinstance(layer, LoraEmbedding):
            slow.append(layer.b)
            fast.append(layer.a)
    return [{"params": slow, "rate": 1.0, "decayed": True}, {"params": fast, "rate": b_rate, "decayed": True}]


def merge(model: CausalLM) -> None:
    """Add the adapters of `model` into its weights. Afterwards it is an ordinary model again."""
    for parent in list(model.body.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, LoraLinear | LoraEmbedding):
                setattr(parent, name, layer.merged())
    if isinstance(model.head, LoraHead):
        model.head = model.head.frozen


def state(model: CausalLM) -> State:
    """A copy of the adapters' weights under peft's names, on the CPU.

    lora_A is [r, in] and lora_B [out, r]; lora_embedding_A is [r, vocabulary] and lora_embedding_B [width, r].
    """
    return {name: weight.T.detach().cpu().contiguous().clone() for name, weight in _named(model)}


def restore(model: CausalLM, weights: State) -> None:
    """Copy weights that came from `state` back into the adapters of `model`. Raises `KeyError` for those of others."""
    named = dict(_named(model))
    if unknown := weights.keys() - named.keys():
        raise KeyError(min(unknown))
    with torch.no_grad():
        for name, weight in named.items():
            weight.copy_(weights[name].T)


def save(weights: State, folder: Path, description: Description, *, base: str, rank: int, alpha: float) -> None:
    """Write an adapter folder that `peft.PeftModel.from_pretrained` loads. The weights are in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: weight.half() for name, weight in weights.items()}, folder / WEIGHTS, metadata={"format": "pt"})
    embedding_a = weights.get(f"{PEFT}{description.checkpoint_name('body.tokens')}.lora_embedding_A")
    tied = tied_names(description)
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "target_modules": [*_targets(weights, description), *(() if embedding_a is None else tied)],
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": not description.outputs_first,
        "inference_mode": True,
    }
    if embedding_a is not None:
        settings |= {
            "rank_pattern": dict.fromkeys(tied, len(embedding_a)),
            "alpha_pattern": dict.fromkeys(tied, alpha / rank * len(embedding_a)),
            "ensure_weight_tying": True,
        }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")
    atomic.readable_as_usual(folder)


def _targets(weights: State, description: Description) -> list[str]:
    """What peft calls target modules: ends of the names of all layers that have an adapter, and of no others."""
    names = description.layer_names.values()
    adapted = [name for name in names if any(f".{name}.lora_A." in given for given in weights)]
    others = {name.rpartition(".")[2] for name in names if name not in adapted}
    last = {name: name.rpartition(".")[2] for name in adapted}
    return [*dict.fromkeys(name if last[name] in others else last[name] for name in adapted)]


def tied_names(description: Description) -> tuple[str, str]:
    """The modules that peft's settings must name so that the head shares the embedding's adapter."""
    return description.embedding_name, description.checkpoint_name("head")


def apply(model: CausalLM, folder: Path) -> None:
    """Merge the adapter saved in `folder` into `model`."""
    settings = atomic.read_json(folder / SETTINGS)
    description = model.description
    rank = int(settings["r"])
    embedding_rank = int(settings.get("rank_pattern", {}).get(description.embedding_name, 0))
    refuse_rank(max(rank, embedding_rank), description.width)
    weights = load_file(atomic.require_file(folder / WEIGHTS))
    adapted = [name for name in linears(model) if _lora_a(model, name) in weights]
    add(model, rank, settings["lora_alpha"], embedding_rank, adapted)
    restore(model, weights)
    merge(model)


def refuse_rank(rank: int, width: int) -> None:
    """Raises `ValueError` for a rank that no adapter needs. A rank of the model's width allows any change of a layer.

    A rank takes memory in every layer, so a file with a rank of 200,000 would take all memory.
    """
    if rank > max(width, USUAL_RANKS):
        raise ValueError(f"its rank is {rank:,}, and the model is {width:,} wide")


def _named(model: CausalLM) -> Iterator[tuple[str, nn.Parameter]]:
    """(peft's name, parameter) of every adapter. peft stores each parameter transposed."""
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLinear):
            theirs = PEFT + model.description.checkpoint_name(name)
            yield _lora_a(model, name), layer.a
            yield f"{theirs}.lora_B.weight", layer.b
        elif isinstance(layer, LoraEmbedding):
            theirs = PEFT + model.description.checkpoint_name(name)
            yield f"{theirs}.lora_embedding_A", layer.a
            yield f"{theirs}.lora_embedding_B", layer.b


def _lora_a(model: CausalLM, name: str) -> str:
    return f"{PEFT}{model.description.checkpoint_name(name)}.lora_A.weight"


def _put(model: CausalLM, name: str, layer: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, layer)

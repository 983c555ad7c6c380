"""The families of causal language models that work here: each reads its own config.json into a `Description`.

Knows every family. Does not know weights, tensors or how anything is computed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from huggingtweets.model.families import gpt2, llama, qwen
from huggingtweets.model.families.description import Description, Unsupported

__all__ = ["ARCHITECTURES", "FAMILIES", "Description", "Unsupported", "describe"]

# model_type in config.json -> who reads the rest of it.
FAMILIES: dict[str, Callable[[Mapping[str, Any]], Description]] = {
    "gpt2": gpt2.describe,
    "llama": llama.describe,
    "qwen2": qwen.describe_qwen2,
    "qwen3": qwen.describe_qwen3,
}
# model_type -> the class of transformers that loads such a model.
ARCHITECTURES = {
    "gpt2": "GPT2LMHeadModel",
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
}


def describe(config: Mapping[str, Any]) -> Description:
    """What the model of this config.json is made of.

    Raises `Unsupported` for a family, or a variant of one, that does not work here, and for values that make no sense.
    """
    kind = config.get("model_type")
    read = FAMILIES.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Unsupported(f"it is a {kind} model, and only these work here: {', '.join(FAMILIES)}")
    try:
        return read(config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Unsupported(f"its config.json cannot be used ({where}: {first['msg']})") from error

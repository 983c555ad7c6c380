"""The supported families of causal language models. Each reads its own config.json into a `Description`.

Knows every family. Does not know weights, tensors or how anything is computed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from huggingtweets.model.families import gpt2, llama, qwen, smollm3
from huggingtweets.model.families.description import Description, Unsupported

__all__ = ["ARCHITECTURES", "FAMILIES", "Description", "Unsupported", "describe"]

# Maps model_type in config.json to the function that reads the rest of it.
FAMILIES: dict[str, Callable[[Mapping[str, Any]], Description]] = {
    "gpt2": gpt2.describe,
    "llama": llama.describe,
    "qwen2": qwen.describe_qwen2,
    "qwen3": qwen.describe_qwen3,
    "smollm3": smollm3.describe,
}
# Maps model_type to the class of transformers that loads such a model.
ARCHITECTURES = {
    "gpt2": "GPT2LMHeadModel",
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "smollm3": "SmolLM3ForCausalLM",
}


def describe(config: Mapping[str, Any]) -> Description:
    """Reads a config.json into the description of its model.

    Raises `Unsupported` for a family or a variant that is not supported, and for invalid values.
    """
    kind = config.get("model_type")
    read_config = FAMILIES.get(kind) if isinstance(kind, str) else None
    if read_config is None:
        raise Unsupported(f"it is a {kind} model, and only these are supported: {', '.join(FAMILIES)}")
    try:
        return read_config(config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Unsupported(f"its config.json cannot be used ({where}: {first['msg']})") from error

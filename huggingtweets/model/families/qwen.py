"""Qwen 2 and 3: Llama's shape with biases on query, key and value (2), or with a norm on each query and key (3)."""

from collections.abc import Mapping
from typing import Any

from huggingtweets.model.families.description import Description
from huggingtweets.model.families.llama import LlamaConfig, described


def describe_qwen2(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type qwen2."""
    settings = LlamaConfig.model_validate({"max_position_embeddings": 32_768, **config})
    return described(config, settings, biases=frozenset({"q", "k", "v"}))


def describe_qwen3(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type qwen3. Its heads are 128 wide unless it sets another width."""
    settings = LlamaConfig.model_validate({"max_position_embeddings": 32_768, "head_dim": 128, **config})
    biases = {"q", "k", "v", "out"} if settings.attention_bias else set()
    return described(config, settings, biases=frozenset(biases), head_norms=True)

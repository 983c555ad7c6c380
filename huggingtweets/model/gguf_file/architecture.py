"""What a GGUF file says of its model, as the config.json of each family.

Knows the names of the fields. Does not know weights or tokenizers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gguf import ReaderTensor

from huggingtweets.model.families import ARCHITECTURES
from huggingtweets.model.gguf_file.fields import Fields, Unreadable
from huggingtweets.model.gguf_file.positions import rope_parameters

Tensors = Mapping[str, ReaderTensor]


def config_of(fields: Fields, tensors: Sequence[ReaderTensor], end: int) -> dict[str, Any]:
    """The config.json of the model, whose texts end with the token `end`. Raises `Unreadable`."""
    read = _FAMILIES.get(fields.family)
    if read is None:
        only = ", ".join(_FAMILIES)
        raise Unreadable(f"it is a {fields.family} model, and only these are supported in GGUF files: {only}")
    if int(fields.get("split.count") or 1) > 1:
        raise Unreadable("it is one of several parts; join them with llama-gguf-split --merge")
    if fields.of_family_or_none("expert_count"):
        raise Unreadable("it is a mixture of experts, which is not supported")
    by_name = {tensor.name: tensor for tensor in tensors}
    return {
        "model_type": fields.family,
        "architectures": [ARCHITECTURES[fields.family]],
        "dtype": "float16",
        "vocab_size": _rows(by_name, "token_embd.weight"),
        "tie_word_embeddings": _is_tied(by_name),
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), end),
        **read(fields, by_name),
    }


def _gpt2(fields: Fields, tensors: Tensors) -> dict[str, Any]:
    return {
        "n_positions": fields.of_family("context_length"),
        "n_embd": fields.of_family("embedding_length"),
        "n_layer": fields.of_family("block_count"),
        "n_head": fields.of_family("attention.head_count"),
        "n_inner": fields.of_family("feed_forward_length"),
        "layer_norm_epsilon": fields.of_family("attention.layer_norm_epsilon"),
        "activation_function": "gelu_new",
    }


def _llama(fields: Fields, tensors: Tensors) -> dict[str, Any]:
    width, heads = fields.of_family("embedding_length"), fields.of_family("attention.head_count")
    if not isinstance(heads, int):
        raise Unreadable("its layers have different numbers of heads, which is not supported")
    head_size = fields.of_family_or_none("attention.key_length") or width // heads
    return {
        "hidden_size": width,
        "intermediate_size": fields.of_family("feed_forward_length"),
        "num_hidden_layers": fields.of_family("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": fields.of_family_or_none("attention.head_count_kv") or heads,
        "head_dim": head_size,
        "max_position_embeddings": fields.of_family("context_length"),
        "rms_norm_eps": fields.of_family("attention.layer_norm_rms_epsilon"),
        "hidden_act": "silu",
        **rope_parameters(fields, tensors.get("rope_freqs.weight"), head_size),
    }


def _llama_with_biases(fields: Fields, tensors: Tensors) -> dict[str, Any]:
    biases = {"attention_bias": "blk.0.attn_output.bias" in tensors, "mlp_bias": "blk.0.ffn_up.bias" in tensors}
    return _llama(fields, tensors) | biases


_FAMILIES: dict[str, Callable[[Fields, Tensors], dict[str, Any]]] = {
    "gpt2": _gpt2,
    "llama": _llama_with_biases,
    "qwen2": _llama,
    "qwen3": _llama,
}


def _rows(tensors: Tensors, name: str) -> int:
    if name not in tensors:
        raise Unreadable(f"it has no tensor {name}")
    return int(tensors[name].shape[-1])  # the library gives shapes in reverse order


def _is_tied(tensors: Tensors) -> bool:
    """Returns True if the head is the table of tokens. Some files hold the table twice."""
    head, table = tensors.get("output.weight"), tensors.get("token_embd.weight")
    if head is None or table is None:
        return True
    return head.tensor_type == table.tensor_type and bool((head.data == table.data).all())

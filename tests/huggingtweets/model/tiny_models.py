"""Small random models of every family, made by transformers, with which the tests compare our own module.

It imports transformers when it makes one: that takes 5 s of processor time, in each process that runs tests.
"""

from typing import TYPE_CHECKING, Any

import torch

from huggingtweets.model import checkpoint
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import describe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

END = 0
VOCABULARY = 307
CONTEXT = 96
LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 24,
}
_LLAMA_SIZES = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
}
# What a test is called -> model_type and settings of a config.json.
KINDS: dict[str, dict[str, Any]] = {
    "gpt2": {"model_type": "gpt2"},
    "gpt2 exact gelu": {"model_type": "gpt2", "activation_function": "gelu"},
    "gpt2 relu": {"model_type": "gpt2", "activation_function": "relu"},
    "gpt2 silu": {"model_type": "gpt2", "activation_function": "silu"},
    "gpt2 unscaled": {"model_type": "gpt2", "scale_attn_weights": False},
    "gpt2 falling": {"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": True, "n_inner": 40},
    "gpt2 epsilon": {"model_type": "gpt2", "layer_norm_epsilon": 1e-2},
    "gpt2 own head": {"model_type": "gpt2", "tie_word_embeddings": False},
    "smollm2": {"model_type": "llama", "tie_word_embeddings": True, "rope_theta": 100_000.0},
    "tinyllama": {"model_type": "llama", "tie_word_embeddings": False, "num_key_value_heads": 1},
    "llama 3.2": {"model_type": "llama", "tie_word_embeddings": True, "rope_parameters": LLAMA_3},
    "llama linear": {
        "model_type": "llama",
        "rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 3.0},
    },
    "llama biases": {"model_type": "llama", "attention_bias": True, "mlp_bias": True, "num_key_value_heads": 6},
    "llama wide heads": {"model_type": "llama", "head_dim": 12, "rms_norm_eps": 1e-2},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": True},
    "qwen3": {"model_type": "qwen3", "head_dim": 16, "tie_word_embeddings": True},
    "smollm3": {"model_type": "smollm3", "tie_word_embeddings": True, "no_rope_layer_interval": 2},
    "smollm3 listed": {"model_type": "smollm3", "no_rope_layers": [0, 1, 0], "attention_bias": True},
    "qwen3 biases": {"model_type": "qwen3", "head_dim": 8, "attention_bias": True},
}
FAMILIES = ("gpt2", "smollm2", "qwen2", "qwen3", "smollm3")  # one of each
_GPT2_SIZES = {"n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": CONTEXT}


def random_model(kind: str, seed: int = 1, spread: float = 0.15, **changed: Any) -> "PreTrainedModel":
    """A model of transformers whose next tokens depend on all of its weights, including biases and norms.

    `changed` overrides settings of its config.json.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = KINDS[kind] | changed
    family = settings.pop("model_type")
    sizes = _GPT2_SIZES if family == "gpt2" else _LLAMA_SIZES
    ends = {"bos_token_id": END, "eos_token_id": END, "pad_token_id": None}
    config = AutoConfig.for_model(family, **{"vocab_size": VOCABULARY, **sizes, **ends, **settings})
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "norm" in name.split(".")[-2] or ".ln_" in name else 0.0
            is_weight = name.endswith("weight")
            parameter.copy_(spread * torch.randn(parameter.shape, generator=generator) + (centre if is_weight else 0.0))
    return model


def ours(theirs: "PreTrainedModel") -> CausalLM:
    """The same model as our module."""
    model = CausalLM(describe(theirs.config.to_dict()))
    checkpoint.restore(model, theirs.state_dict())
    return model.eval()


def as_transformers(model: CausalLM) -> "PreTrainedModel":
    """The same model in transformers."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(**model.description.config)
    theirs = AutoModelForCausalLM.from_config(config)
    missing, unexpected = theirs.load_state_dict(dict(checkpoint.tensors(model)), strict=False)
    assert not unexpected
    assert set(missing) <= {"lm_head.weight"}
    return theirs.eval()

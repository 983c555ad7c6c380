"""Bases that are suggested for other languages can be read here: their families are, held against transformers."""

from typing import Any

import pytest
import torch

from huggingtweets.model.families import describe
from huggingtweets.model.suggested_bases import SUGGESTED_BASES, SuggestedBase, bases_for
from tests.huggingtweets.model.tiny_models import CONTEXT, VOCABULARY, ours, random_model

TOKENS = torch.randint(1, VOCABULARY, (2, CONTEXT), generator=torch.Generator().manual_seed(4))
_GPT2 = {
    "model_type": "gpt2", "activation_function": "gelu_new", "n_embd": 768, "n_head": 12, "n_inner": None,
    "n_layer": 12, "n_positions": 1024, "scale_attn_weights": True, "layer_norm_epsilon": 1e-5, "eos_token_id": 50256,
}  # fmt: skip
# What their config.json files say, as far as it matters here.
PUBLISHED: dict[str, dict[str, Any]] = {
    "dbmdz/german-gpt2": _GPT2 | {"vocab_size": 50_265},
    "flax-community/gpt-2-spanish": _GPT2 | {"vocab_size": 50_257},
    "Qwen/Qwen3-0.6B-Base": {
        "model_type": "qwen3", "vocab_size": 151_936, "hidden_size": 1024, "intermediate_size": 3072,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        "max_position_embeddings": 32_768, "rope_theta": 1_000_000, "rope_scaling": None, "attention_bias": False,
        "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": True, "use_sliding_window": False,
        "sliding_window": None, "max_window_layers": 28, "eos_token_id": 151_643,
    },
    "SakanaAI/TinySwallow-1.5B": {
        "model_type": "qwen2", "vocab_size": 151_936, "hidden_size": 1536, "intermediate_size": 8960,
        "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
        "max_position_embeddings": 32_768, "rope_theta": 1_000_000.0, "rms_norm_eps": 1e-6, "hidden_act": "silu",
        "tie_word_embeddings": True, "use_sliding_window": False, "sliding_window": None, "max_window_layers": 21,
        "eos_token_id": 151_643,
    },
    "HuggingFaceTB/SmolLM3-3B-Base": {
        "model_type": "smollm3", "vocab_size": 128_256, "hidden_size": 2048, "intermediate_size": 11_008,
        "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 4,
        "max_position_embeddings": 65_536, "rope_theta": 5_000_000.0, "rope_scaling": None, "attention_bias": False,
        "mlp_bias": False, "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": True,
        "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0] * 9, "layer_types": ["full_attention"] * 36,
        "use_sliding_window": False, "sliding_window": None, "max_window_layers": 28, "eos_token_id": 128_001,
    },
}  # fmt: skip
# The same models, smaller.
SMALL: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 48, "n_head": 4, "n_layer": 4, "n_positions": CONTEXT},
    "qwen2": {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 4},
    "qwen3": {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 4, "head_dim": 8},
    "smollm3": {
        "hidden_size": 64, "intermediate_size": 80, "num_hidden_layers": 4, "no_rope_layers": [1, 1, 1, 0],
        "layer_types": ["full_attention"] * 4,
    },
}  # fmt: skip
EACH = pytest.mark.parametrize("base", SUGGESTED_BASES, ids=lambda base: base.hub_id)


@EACH
@torch.no_grad()
def test_its_family_computes_what_transformers_does(base: SuggestedBase) -> None:
    settings = PUBLISHED[base.hub_id]
    family = settings["model_type"]
    ends = {"vocab_size": VOCABULARY, "eos_token_id": 0}
    theirs = random_model(family, **settings | SMALL[family] | ends)
    logits = theirs(TOKENS).logits
    assert logits.std() > 0.3, "the model says nothing"
    torch.testing.assert_close(ours(theirs)(TOKENS), logits, atol=1e-4, rtol=0)


@EACH
def test_its_size_is_that_of_its_config(base: SuggestedBase) -> None:
    assert describe(PUBLISHED[base.hub_id]).parameters == base.parameters


def test_the_layers_of_smollm3_that_know_no_positions_are_every_fourth() -> None:
    published = PUBLISHED["HuggingFaceTB/SmolLM3-3B-Base"]
    unnamed = {key: value for key, value in published.items() if key != "no_rope_layers"}
    assert describe(published).unturned == describe(unnamed).unturned == {3, 7, 11, 15, 19, 23, 27, 31, 35}
    assert [describe(published).turns(layer) for layer in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("languages", "first"),
    [
        ({"en"}, "smollm2"),
        ({"de"}, "hub:dbmdz/german-gpt2"),
        ({"es"}, "hub:flax-community/gpt-2-spanish"),
        ({"es", "en"}, "hub:Qwen/Qwen3-0.6B-Base"),
        ({"ja"}, "hub:Qwen/Qwen3-0.6B-Base"),
        ({"th", "zh"}, "hub:Qwen/Qwen3-0.6B-Base"),
    ],
)
def test_the_smallest_that_writes_all_of_the_languages_comes_first(languages: set[str], first: str) -> None:
    bases = bases_for(languages)
    assert bases[0].base == first
    assert all(base.writes(languages) for base in bases)
    assert [base.parameters for base in SUGGESTED_BASES] == sorted(base.parameters for base in SUGGESTED_BASES)


def test_a_larger_one_is_named_as_well() -> None:
    assert [base.hub_id for base in bases_for({"ja"})] == ["Qwen/Qwen3-0.6B-Base", "SakanaAI/TinySwallow-1.5B"]
    assert [base.hub_id for base in bases_for({"en", "es"})][1] == "HuggingFaceTB/SmolLM3-3B-Base"

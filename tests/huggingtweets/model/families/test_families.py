"""A config.json is read into a description, or refused with a message that says what is not supported."""

import pytest

from huggingtweets.model.families import FAMILIES, Unsupported, describe

LLAMA = {
    "model_type": "llama",
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
}
GPT2 = {"model_type": "gpt2", "n_embd": 48, "n_layer": 2, "n_head": 4}


def refusal(config: dict[str, object]) -> str:
    with pytest.raises(Unsupported) as refused:
        describe(config)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["mamba", None, 7, ["gpt2"]])
def test_another_family_is_refused_with_the_names_of_those_that_work(kind: object) -> None:
    assert (
        refusal({"model_type": kind})
        == f"it is a {kind} model, and only these are supported: gpt2, llama, qwen2, qwen3, smollm3"
    )
    assert list(FAMILIES) == ["gpt2", "llama", "qwen2", "qwen3", "smollm3"]


@pytest.mark.parametrize("size", [0, -1, "many", None, 1.5, "12", True])
@pytest.mark.parametrize("config", [GPT2 | {"n_layer": ...}, LLAMA | {"num_hidden_layers": ...}])
def test_a_size_that_is_none_is_refused(config: dict[str, object], size: object) -> None:
    assert "its config.json cannot be used (" in refusal({k: size if v is ... else v for k, v in config.items()})


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (GPT2 | {"n_head": 7}, "its width of 48 cannot be split into 7 heads"),
        (GPT2 | {"activation_function": "tanh"}, "its activation function tanh is not supported"),
        (LLAMA | {"num_attention_heads": 7, "num_key_value_heads": 7}, "48 cannot be split into 7 heads"),
        (LLAMA | {"num_key_value_heads": 4}, "its 6 heads cannot be split into 4 groups"),
        (LLAMA | {"head_dim": 7}, "its heads are 7 wide, and rotary positions need an even number"),
        (LLAMA | {"hidden_act": "tanh"}, "its activation function tanh is not supported"),
        (LLAMA | {"rope_scaling": {"type": "yarn", "factor": 2.0}}, "scaled by yarn, and only default, linear and"),
        (LLAMA | {"rope_parameters": {"partial_rotary_factor": 0.5}}, "its positions rotate only a part of each head"),
        (
            LLAMA | {"rope_scaling": {"rope_type": "llama3", "low_freq_factor": 4.0, "high_freq_factor": 4.0}},
            "its high_freq_factor is not above its low_freq_factor",
        ),
        (LLAMA | {"model_type": "qwen2", "use_sliding_window": True}, "some of its layers see only the latest tokens"),
        (LLAMA | {"model_type": "smollm3", "no_rope_layers": [1]}, "its no_rope_layers names 1 layers, and it has 2"),
        (LLAMA | {"model_type": "smollm3", "no_rope_layer_interval": 0}, "its config.json cannot be used ("),
        (LLAMA | {"model_type": "qwen3", "layer_types": ["full_attention", "sliding_attention"]}, "the latest tokens"),
    ],
)
def test_what_does_not_work_is_named(config: dict[str, object], reason: str) -> None:
    assert reason in refusal(config)


def test_rotary_settings_are_read_from_old_and_new_files() -> None:
    numbers = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 24}
    old = describe(LLAMA | {"rope_theta": 5e5, "rope_scaling": {"type": "llama3", **numbers}})
    new = describe(LLAMA | {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, **numbers}})
    assert old.rotary == new.rotary
    assert old.rotary is not None
    assert old.rotary.scaling == "llama3"


def test_the_end_of_text_is_the_first_of_several() -> None:
    assert describe(LLAMA | {"eos_token_id": [5, 6]}).end_of_text == 5
    assert describe(LLAMA | {"eos_token_id": None}).end_of_text is None


def test_the_layers_are_named_as_checkpoints_name_them() -> None:
    assert list(describe(GPT2).layer_names.values()) == ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]
    assert [name.rpartition(".")[2] for name in describe(LLAMA).layer_names.values()] == [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]  # fmt: skip
    assert describe(LLAMA).checkpoint_name("body.blocks.3.up") == "model.layers.3.mlp.up_proj"
    assert describe(GPT2).checkpoint_name("body.positions") == "transformer.wpe"

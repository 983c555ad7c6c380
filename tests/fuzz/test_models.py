"""Fuzzing of what a model folder or a GGUF file brings, and of settings. Nothing that others made is unpickled."""

import ast
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.config import Config
from huggingtweets.core.errors import BadBase, Misconfigured
from huggingtweets.model.base import describe_base
from huggingtweets.model.gguf_file import Unreadable, convert
from tests.parsed import parsed

ROOT = Path(__file__).parents[2]
# A model takes longer to read than a text.
FEWER = settings(
    max_examples=max(20, settings.default.max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def small_gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that has everything which is looked for in one, in small."""
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_context_length(16)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(["<|endoftext|>", *map(chr, range(33, 290))])
    writer.add_token_types([3] + [1] * 257)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    shapes = {"token_embd.weight": (258, 32), "position_embd.weight": (16, 32), "blk.0.attn_qkv.weight": (96, 32)}
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


@FEWER
@given(places=st.lists(st.tuples(st.integers(0, 8_000), st.integers(0, 255)), max_size=6), cut=st.integers(0, 3))
def test_any_gguf_file_is_read_or_refused_in_a_sentence(
    small_gguf: bytes, places: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(small_gguf)
    for place, value in places:
        content[place % len(content)] = value
    if cut:
        del content[len(content) * cut // 4 :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "small.gguf")
        file.write_bytes(content)
        try:
            convert(file, Path(folder))
        except Unreadable as refused:
            assert len(str(refused)) < 500


NUMBERS = st.one_of(st.integers(-5, 70_000), st.floats(), st.sampled_from([None, "4", [], {}, True, 10**30]))
KINDS = st.sampled_from(["gpt2", "llama", "qwen2", "qwen3", "smollm3", "other", None, 3])
FIELDS = """
n_embd n_head n_layer n_positions vocab_size hidden_size intermediate_size head_dim num_attention_heads hidden_act
num_hidden_layers num_key_value_heads max_position_embeddings rms_norm_eps rope_theta rope_scaling rope_parameters
tie_word_embeddings eos_token_id layer_norm_epsilon attention_bias activation_function sliding_window
"""
CONFIGS = st.fixed_dictionaries({"model_type": KINDS}, optional=dict.fromkeys(FIELDS.split(), NUMBERS))


@given(config=CONFIGS)
def test_any_config_is_read_or_refused_in_a_sentence(config: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(config))
        try:
            described = describe_base(folder)
        except BadBase as refused:
            assert "\n" not in str(refused)
        else:
            assert described.parameters > 0


KEYS = [
    (section, key)
    for section, field in Config.model_fields.items()
    for key in getattr(field.annotation, "model_fields", {})
]
WRITTEN = st.one_of(
    st.sampled_from(
        ["1", "-1", "0", "1e999", "true", '""', '"x"', '"lora"', "[]", "[1, 2]", "{}", '"[a-z"', '"../x"', '"A_TOKEN"']
    ),
    st.integers().map(str),
    st.text(max_size=8).map(json.dumps),
)


@given(lines=st.lists(st.tuples(st.sampled_from(KEYS), WRITTEN), max_size=4), tail=st.text(max_size=6))
def test_any_settings_are_read_or_refused_in_a_sentence(lines: list[tuple[tuple[str, str], str]], tail: str) -> None:
    text = "".join(f"[{section}]\n{key} = {value}\n" for (section, key), value in lines) + tail
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.toml")
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            Config.load(file, {})
        except Misconfigured as refused:
            assert "\n" not in str(refused)


def calls(path: Path) -> Iterator[tuple[str, set[str], ast.Call]]:
    """Each call in a module: what is called, and the names of its arguments."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg or "" for word in node.keywords}, node


# A pipe between the bot and a process that it has started: nobody else can write into it.
OF_OUR_OWN = ROOT / "bot" / "cluster" / "frames.py"


def test_no_module_unpickles_what_others_made() -> None:
    assert OF_OUR_OWN.is_file()
    modules = [*ROOT.glob("bot/**/*.py"), *ROOT.glob("huggingtweets/**/*.py")]
    assert len(modules) > 200
    found = [
        f"{path.name}: {name}"
        for path in modules
        if path != OF_OUR_OWN
        for name, words, _ in calls(path)
        if name.endswith(("pickle.load", "pickle.loads", "Unpickler", "joblib.load"))
        or (name == "torch.load" and "weights_only" not in words)
        or "trust_remote_code" in words
        or (name == "np.load" and "allow_pickle" in words)
    ]
    assert found == []

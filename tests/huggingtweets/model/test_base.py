"""A base model is loaded whole, or refused with the reason."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from huggingtweets.core.errors import BadBase
from huggingtweets.model import base


@pytest.fixture
def folder(tiny_base: Path, tmp_path: Path) -> Path:
    """A copy of the tiny base, which a test may damage."""
    return Path(shutil.copytree(tiny_base, tmp_path / "base", ignore=shutil.ignore_patterns(".work")))


def refusal(folder: Path) -> str:
    with pytest.raises(BadBase) as refused:
        base.load(str(folder))
    sentence = str(refused.value)
    assert sentence.startswith(f"The base model {folder} cannot be loaded: ")
    assert "\n" not in sentence
    return sentence


def change(folder: Path, **values: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


def test_a_folder_is_loaded_in_full_precision(tiny_base: Path) -> None:
    loaded = base.load(str(tiny_base))
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.context == 128
    assert loaded.tokenizer.id_to_token(loaded.end_of_text) == "<|endoftext|>"


def test_the_fused_gelu_is_the_same_function(folder: Path) -> None:
    change(folder, activation_function="gelu_new")
    fused = base.load(str(folder)).model
    from transformers import GPT2LMHeadModel

    plain = GPT2LMHeadModel.from_pretrained(folder, dtype="float32")
    tokens = torch.arange(20).unsqueeze(0)
    with torch.no_grad():
        assert torch.allclose(fused(tokens), plain.train(False)(tokens).logits, atol=1e-4)


def test_a_relative_folder_counts_from_the_working_directory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert base.find("base") == str(folder)


@pytest.mark.parametrize("name", ["gpt2", "hub:gpt2", "hub:someone/gpt2-of-theirs"])
def test_what_is_written_as_one_on_the_hub_is_looked_for_there(name: str) -> None:
    assert base.find(name) == name.removeprefix("hub:")


@pytest.mark.parametrize(
    "name",
    ["models/base", "someone/gpt2", "./gpt2", "../base", "/srv/base", "a/b/c", "a\\b", "hub:a/b/c", "hub:", "", "~/b"],
)
def test_the_hub_is_never_asked_for_what_was_meant_as_a_path(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Anybody can register the name on the Hub. The embedded base is gone here.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingtweets.core.config.user_folders.CHECKOUT", tmp_path / "site-packages")
    requests: list[object] = []
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *arguments, **_: requests.append(arguments))
    for use in (base.find, base.load, base.fingerprint):
        with pytest.raises(BadBase, match="there is no such folder; write a model on the Hub as hub:owner/name"):
            use(name)
    assert requests == []


def test_a_hub_id_that_cannot_be_had_is_refused() -> None:
    with pytest.raises(BadBase, match="The base model hub:someone/never-cached cannot be loaded"):
        base.load("hub:someone/never-cached")


@pytest.mark.parametrize(
    "promise",
    [{"n_layer": 1_000_000}, {"n_embd": 10**9}, {"vocab_size": 10**12}, {"n_inner": 10**12}, {"n_positions": 10**12}],
)
def test_a_base_that_promises_more_than_its_files_hold_is_refused_at_once(
    folder: Path, promise: dict[str, int]
) -> None:
    change(folder, **promise)
    began = time.monotonic()
    assert "its config.json describes" in refusal(folder)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("size", [0, -1, "many", None, 1.5])
def test_a_base_of_a_size_that_is_none_is_refused(folder: Path, size: object) -> None:
    change(folder, n_layer=size)
    refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pipe_where_a_file_should_be_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert "plain file" in refusal(folder)


def test_another_architecture_is_refused(folder: Path) -> None:
    change(folder, model_type="mamba")
    assert "it is a mamba model, and only these are supported: gpt2, llama, qwen2, qwen3" in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_broken_config_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, encoding="latin-1")
    assert "its config.json cannot be read" in refusal(folder)


def test_a_config_without_an_end_of_text_is_refused(folder: Path) -> None:
    change(folder, eos_token_id=None)
    assert "names no eos_token_id" in refusal(folder)


def test_a_config_that_makes_no_sense_is_refused(folder: Path) -> None:
    change(folder, n_head=7)
    refusal(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_broken_or_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"{garbage")
    refusal(folder)
    (folder / name).unlink()
    refusal(folder)


def test_weights_that_are_missing_are_not_made_up(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.ln_f.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "1 weights are missing, the first is transformer.ln_f.weight" in refusal(folder)


def test_a_tokenizer_of_another_model_is_refused(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append(tokenizer["added_tokens"][0] | {"id": 400, "content": "<|another|>"})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert "its tokenizer has more tokens than its model" in refusal(folder)


def test_other_special_tokens_and_numbers_without_a_token_are_banned(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append(tokenizer["added_tokens"][0] | {"id": 7, "content": tokenizer_name(tokenizer, 7)})
    del tokenizer["model"]["vocab"][tokenizer_name(tokenizer, 399)]
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:-1]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    loaded = base.load(str(folder))
    assert loaded.banned == (7, 399)
    assert loaded.end_of_text == 0


def tokenizer_name(tokenizer: dict[str, Any], number: int) -> str:
    return next(name for name, each in tokenizer["model"]["vocab"].items() if each == number)


def test_an_end_of_text_that_is_no_token_is_refused(folder: Path) -> None:
    change(folder, eos_token_id=5_000)
    assert "names 5000 as eos_token_id, which is not a token" in refusal(folder)

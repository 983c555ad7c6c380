"""A failure is one sentence on stderr, and an exit code for every kind of error."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from huggingtweets.core import atomic, errors
from huggingtweets.registry.versions import Registry
from tests.huggingtweets.cli.running import Run, in_own_process, sentence


def test_failures_of_a_real_process_are_a_code_and_a_sentence(tmp_path: Path) -> None:
    assert "No such command 'tain'" in sentence(in_own_process("tain", folder=tmp_path), 64)
    gone = in_own_process("train", "ann", "--from", "none.csv", folder=tmp_path)
    assert "there is no such file; check the path" in sentence(gone, 65)
    assert "There is no model of ann yet" in sentence(in_own_process("generate", "ann", folder=tmp_path), 69)
    (tmp_path / "config.toml").write_text("[training]\nsed = 1\n")
    assert "[training] sed" in sentence(in_own_process("models", folder=tmp_path), 78)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train"], "Missing argument 'NAME...'"),
        (["train", "no/name"], "is not a name"),
        (["train", "ann", "--method", "prompt"], "is not one of 'lora', 'full'"),
        (["train", "ann", "--seed", "-1"], "is not in the range"),
        (["generate", "ann", "--count", "x"], "is not a valid integer"),
        (["forget", "ann"], "say --yes if that is meant"),
        (["models", "ann"], "Got unexpected extra argument (ann). See huggingtweets --help."),
    ],
)
def test_a_wrong_command_is_code_64(run: Run, config: Path, arguments: list[str], told: str) -> None:
    assert told in sentence(run(*arguments, "--config", config), 64)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the name of a file is text")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_name_that_is_no_text_is_shown_on_every_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    cafe = os.fsdecode(b"caf\xe9.csv")
    assert "caf\\xe9.csv: there is no such file" in sentence(in_own_process("look", cafe, folder=tmp_path), 65)
    (tmp_path / cafe).write_text("text\nthe fog over the café is thick today\n", encoding="utf-8")
    code, out, err = in_own_process("look", cafe, folder=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("caf\\xe9.csv: ")
    assert "- the fog over the café is thick today" in out, "click writes UTF-8 where a terminal says ASCII"
    code, out, err = in_own_process("look", cafe, "--json", folder=tmp_path)
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert (row["path"], row["texts"]) == (cafe, ["the fog over the café is thick today"])
    (tmp_path / cafe).unlink()
    (tmp_path / cafe).mkdir()
    refused = in_own_process("bot", "--check", "--config", cafe, folder=tmp_path)
    assert (refused[0], refused[1]) == (78, "")
    assert "caf\\xe9.csv cannot be read" in refused[2]


def failing(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "Interrupted; start it again and it goes on."),
        (OSError(28, "No space left on device"), 70, "The system refused: No space left on device; check the disk"),
        (PermissionError(13, "Permission denied", b"caf\xe9"), 70, "The system refused: Permission denied: caf\\xe9; "),
        (ZeroDivisionError("x"), 70, "A fault of our own (ZeroDivisionError: x); please report it."),
    ],
)
def test_the_unexpected_is_a_sentence_too(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr(Registry, "names", failing(error))
    assert told in sentence(run("models", "--config", config), code)


def test_a_full_disk_is_told_also_if_a_library_hides_it(
    run: Run, config: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch says "unexpected pos" then, and safetensors only "(os error 28)"."""
    state = {"weights": torch.zeros(2**20)}

    def checkpoint(*_: object) -> None:
        with atomic.replaced(small_disk / "checkpoint") as file:
            torch.save(state, file)

    for save in (checkpoint, lambda _: save_file(state, small_disk / "adapter.safetensors")):
        monkeypatch.setattr(Registry, "names", save)
        assert "The system refused: No space left on device; " in sentence(run("models", "--config", config), 70)
        with pytest.raises(Exception, match=r"unexpected pos|os error 28") as full:
            save(None)
        assert errors.for_people(full.value) == "My disk is full; whoever runs me has to make room."


def test_every_error_has_a_code_of_its_kind() -> None:
    kinds = [errors.Usage, errors.BadData, errors.Unavailable, errors.Misconfigured, errors.PipelineError]
    assert [kind.exit_code for kind in kinds] == [64, 65, 69, 78, 70]

"""A failure is one sentence on stderr, and an exit code for every kind of error."""

from collections.abc import Callable
from pathlib import Path

import pytest

from huggingtweets.core import errors
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
    ],
)
def test_a_wrong_command_is_code_64(run: Run, config: Path, arguments: list[str], told: str) -> None:
    assert told in sentence(run(*arguments, "--config", config), 64)


def failing(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "Interrupted; start it again and it goes on."),
        (OSError(28, "No space left on device"), 70, "The system refused: [Errno 28] No space left on device"),
        (ZeroDivisionError("x"), 70, "A fault of our own (ZeroDivisionError: x); please report it."),
    ],
)
def test_the_unexpected_is_a_sentence_too(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr(Registry, "names", failing(error))
    assert told in sentence(run("models", "--config", config), code)


def test_every_error_has_a_code_of_its_kind() -> None:
    kinds = [errors.Usage, errors.BadData, errors.Unavailable, errors.Misconfigured, errors.PipelineError]
    assert [kind.exit_code for kind in kinds] == [64, 65, 69, 78, 70]

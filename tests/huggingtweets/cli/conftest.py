"""Settings for commands, and a way to run them in this process."""

from pathlib import Path

import pytest

from huggingtweets.cli.main import main
from huggingtweets.core.config.settings import Settings
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.cli.running import Run


@pytest.fixture
def config(tmp_path: Path, tiny_base: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[training]\nbase = "{tiny_base}"\nthreads = 1\nmin_characters = 1000\nmax_epochs = 1\nlora_rank = 2\n'
        "[gate]\ndrafts = 8\nmax_exact_copies = 8\nmax_near_copies = 1.0\n"
        '[tracking]\ntracker = "none"\n'
        "[generation]\nthreads = 1\nmax_new_tokens = 40\n"
    )
    return path


@pytest.fixture
def trained_config(trained: tuple[Settings, Outcome], tiny_base: Path) -> Path:
    """Settings that lead to the session's trained voice. Tests must not change its models."""
    home = trained[0].storage.models.parent
    path = home / "config.toml"
    path.write_text(
        f'[training]\nbase = "{tiny_base}"\nrow_tokens = 128\n[gate]\ndrafts = 50\n'
        '[tracking]\ntracker = "none"\n'
        "[generation]\nthreads = 1\nmax_new_tokens = 60\n"
    )
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        out, err = capsys.readouterr()
        return code, out, err

    return run

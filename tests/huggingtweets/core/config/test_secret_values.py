"""A secret comes from a variable, a file that a variable names, or a credential; no error repeats it."""

from pathlib import Path

import pytest

from huggingtweets.core.config.secret_values import MOST_BYTES, secret_value
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Misconfigured


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "TOKEN"
    path.write_text("s3cret\n")
    return path


def test_each_place_is_looked_into(file: Path) -> None:
    assert secret_value("TOKEN", {"TOKEN": " s3cret "}) == "s3cret"
    assert secret_value("TOKEN", {"TOKEN_FILE": str(file)}) == "s3cret"
    assert secret_value("TOKEN", {"CREDENTIALS_DIRECTORY": str(file.parent)}) == "s3cret"
    assert secret_value("OTHER", {"CREDENTIALS_DIRECTORY": str(file.parent)}) is None
    assert secret_value("TOKEN", {"TOKEN": "", "TOKEN_FILE": " "}) is None


def test_a_variable_goes_before_a_credential_and_excludes_a_file(file: Path) -> None:
    assert secret_value("TOKEN", {"TOKEN": "mine", "CREDENTIALS_DIRECTORY": str(file.parent)}) == "mine"
    with pytest.raises(Misconfigured, match="Both TOKEN and TOKEN_FILE are set"):
        secret_value("TOKEN", {"TOKEN": "mine", "TOKEN_FILE": str(file)})


@pytest.mark.parametrize("content", [b"", b" \n", b"s3cret\xff", b"s3cret" * MOST_BYTES])
def test_a_file_without_a_secret_is_refused_and_not_repeated(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Misconfigured, match="TOKEN_FILE, holds no secret") as refused:
        secret_value("TOKEN", {"TOKEN_FILE": str(file)})
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_is_missing_is_named(file: Path) -> None:
    file.unlink()
    with pytest.raises(Misconfigured, match="TOKEN, the file of TOKEN_FILE, cannot be read: No such file"):
        secret_value("TOKEN", {"TOKEN_FILE": str(file)})


def test_the_settings_read_the_files(file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    token = Settings.load(config, {"X_BEARER_TOKEN_FILE": str(file)}).collecting.x_bearer_token
    assert token
    assert token.get_secret_value() == "s3cret"

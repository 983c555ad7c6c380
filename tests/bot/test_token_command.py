"""`huggingtweets token`: what an operator types, and sees."""

from pathlib import Path

import pytest

from bot.token_command import main
from tests.bot.databases import sqlite_in


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    (tmp_path / "config.toml").write_text("[api]\ntweets_a_day = 77\n")
    sqlite_in(tmp_path / "data")
    return ["--config", str(tmp_path / "config.toml")]


def test_a_token_is_made_listed_and_revoked(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*config, "list"]) == 0
    assert capsys.readouterr().out == "There are no tokens; make one with: huggingtweets token new NAME\n"
    assert main([*config, "new", "my bridge", "--at-a-time", "3"]) == 0
    made = capsys.readouterr()
    assert made.out.startswith("htw-")
    assert len(made.out.split()) == 1
    assert "shown this once" in made.err
    assert main([*config, "list"]) == 0
    listed = capsys.readouterr().out
    assert made.out.strip() not in listed
    head, row = listed.splitlines()
    assert head.split("  ")[0] == "NAME"
    assert "my bridge" in row
    assert "0 of 77" in row
    assert main([*config, "revoke", "my bridge"]) == 0
    assert capsys.readouterr().out == "The token called my bridge is invalid from now on.\n"
    assert main([*config, "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("revoked")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["revoke", "nobody"], "There is no token called nobody"),
        (["new", "x", "--at-a-time", "0"], "can be 1 to"),
        (["new", ""], "1 to 60 characters"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    config: list[str], arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*config, *arguments]) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["make"], ["new"], ["new", "x", "--at-a-time", "many"]])
def test_a_wrong_command_line_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 64
    assert "see huggingtweets token --help" in capsys.readouterr().err

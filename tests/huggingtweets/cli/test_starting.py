"""`init` writes settings that work as they are, and `bot` is the bot."""

from pathlib import Path

from bot.core.config import Config
from huggingtweets.core.config.user_folders import CHECKOUT
from tests.huggingtweets.cli.running import in_own_process, sentence


def test_init_with_a_folder_writes_the_shipped_settings_there_and_state_is_beside_them(tmp_path: Path) -> None:
    code, told, _ = in_own_process("init", "home", folder=tmp_path)
    file = tmp_path / "home" / "config.toml"
    assert (code, file.read_text()) == (0, (CHECKOUT / "config.toml").read_text())
    assert "huggingtweets bot --config home/config.toml" in told
    assert Config.load(file, {}).storage.models == tmp_path / "home" / "models"


def test_init_without_a_folder_writes_the_users_own_settings_which_count_everywhere(tmp_path: Path) -> None:
    code, told, _ = in_own_process("init", folder=tmp_path)
    file, home = tmp_path / "settings" / "huggingtweets" / "config.toml", tmp_path / "share" / "huggingtweets"
    assert code == 0
    assert str(file) in told
    assert f"Paths are relative to {home}." in file.read_text(), "the file says where state is"
    assert f"config: {file} is valid" in in_own_process("bot", "--check", folder=tmp_path)[1]


def test_init_never_replaces_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[training]\nseed = 7\n")
    assert "is there already; edit it" in sentence(in_own_process("init", ".", folder=tmp_path), 64)
    assert (tmp_path / "config.toml").read_text() == "[training]\nseed = 7\n"


def test_bot_takes_what_python_m_bot_takes_and_ends_with_its_codes(tmp_path: Path) -> None:
    code, told, _ = in_own_process("bot", "--check", folder=tmp_path)
    assert (code, told.splitlines()[0]) == (
        0,
        "config: no file, every setting has its default; see: huggingtweets init",
    )
    assert "usage: huggingtweets bot" in in_own_process("bot", "--help", folder=tmp_path)[1]
    wrong = in_own_process("bot", "--chek", folder=tmp_path)
    assert (wrong[0], wrong[1]) == (64, "")
    assert "see huggingtweets bot --help" in wrong[2]
    (tmp_path / "config.toml").write_text("[trainings]\n")
    code, _, told = in_own_process("bot", folder=tmp_path)
    assert (code, "did you mean [training]?" in told) == (78, True)

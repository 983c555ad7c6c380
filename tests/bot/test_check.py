"""`--check` and the exit codes of the process: a fault is told fast, in one sentence."""

import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.check import check
from bot.core.config import Config
from huggingtweets.core.errors import Misconfigured, Unavailable
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.tweets.kept.tweet_store import TweetStore


def checked(home) -> str:
    return check(Config.load(home.config_file, {}), home.config_file)


def test_what_is_fit_to_start_is_listed(home) -> None:
    said = checked(home)
    assert "models: ann v1" in said
    assert "discord: off, DISCORD_TOKEN is not set" in said
    assert (
        "x: a dry run, without keys, X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN, "
        "X_ACCESS_TOKEN_SECRET are not set" in said
    )


@pytest.mark.parametrize(("usd", "is_enough"), [(0.3, False), (0.31, False), (0.315, True), (5.0, True)])
def test_a_budget_from_which_nothing_can_ever_be_posted_is_seen(home, usd: float, is_enough: bool) -> None:
    keys = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")
    with home.config_file.open("a") as file:
        file.write(f"[x]\ndry_run = false\nmonthly_budget_usd = {usd}\n")
    said = check(Config.load(home.config_file, dict.fromkeys(keys, "k")), home.config_file)
    assert ("nothing can ever be posted" not in said) is is_enough
    assert ("[x] monthly_budget_usd = 0.315" not in said) is is_enough


def test_what_following_deletions_costs_is_seen(home) -> None:
    config = Config.load(home.config_file, {})
    tweets = tuple(Tweet(str(one), "a post", source="x:5") for one in range(1, 101))
    TweetStore(config.tweets).merge("cat", Collected(None, tweets))
    TweetStore(config.tweets).looks.mark_checked("cat", "x:5", datetime.now(UTC))
    assert "collecting" not in checked(home), "X is not read"
    with home.config_file.open("a") as file:
        file.write("[collecting]\nx_api = true\n")
    assert "collecting: I keep 100 tweets that were read from X." in checked(home)


def test_publishing_without_a_token_is_seen(home) -> None:
    assert "publishing: off" in checked(home)
    with home.config_file.open("a") as file:
        file.write('[publishing]\nenabled = true\nowner = "people"\n')
    assert "publishing: to people, but HF_TOKEN is not set" in checked(home)


def test_a_version_that_lost_its_weights_is_found(home) -> None:
    shutil.rmtree(home.registry.current("ann").adapter)
    with pytest.raises(Unavailable, match="not whole"):
        checked(home)


def test_a_current_version_that_is_not_there_is_found(home) -> None:
    shutil.rmtree(home.registry.current("ann").folder)
    with pytest.raises(Unavailable):
        checked(home)


@pytest.mark.parametrize("base", ["./nowhere", "/nowhere/at/all", "a/b/c", "models/of-mine"])
def test_a_base_that_is_neither_folder_nor_hub_id_is_found(empty_home, base: str) -> None:
    empty_home.config_file.write_text(f'[training]\nbase = "{base}"\n')
    with pytest.raises(Misconfigured, match="base"):
        checked(empty_home)


def test_a_base_without_weights_is_found(empty_home, tmp_path: Path) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "config.json").write_text("{}")
    empty_home.config_file.write_text('[training]\nbase = "hollow"\n')
    with pytest.raises(Misconfigured, match="no weights"):
        checked(empty_home)


def test_a_hub_id_passes_without_being_fetched(empty_home) -> None:
    empty_home.config_file.write_text('[training]\nbase = "hub:openai-community/gpt2"\n')
    assert "base: hub:openai-community/gpt2" in checked(empty_home)


def test_the_check_is_quick_and_imports_no_torch(home) -> None:
    script = (
        "import sys; from bot.__main__ import main; code = main(sys.argv[1:]);"
        "sys.exit(99 if {'torch', 'discord', 'fastapi', 'transformers'} & set(sys.modules) else code)"
    )
    command = [sys.executable, "-c", script, "--check", "--config", str(home.config_file)]
    started = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"python -m bot --check: {time.monotonic() - started:.2f} s")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("[bto]\n", 78, "[bto]"),
        ('[training]\nbase = "/nowhere/x"\n', 78, "base"),
        ("broken", 78, "not valid TOML"),
    ],
)
def test_faults_have_an_exit_code_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, says: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert main(["--check", "--config", str(path)]) == code
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert "Traceback" not in told


def test_a_wrong_argument_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--nonsense"])
    assert ended.value.code == 64
    assert "--nonsense" in capsys.readouterr().err


def test_a_folder_in_place_of_a_file_is_told(home, capsys: pytest.CaptureFixture[str]) -> None:
    current = home.folder / "models" / "ann" / "current.json"
    current.unlink()
    current.mkdir()
    assert main(["--check", "--config", str(home.config_file)]) == 70
    assert "it is not a plain file" in capsys.readouterr().err

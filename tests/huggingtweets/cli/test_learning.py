"""A voice is learned, alone or of several people, and the outcome is shown."""

import json
from pathlib import Path

import pytest

from huggingtweets.api.learning import with_overrides
from huggingtweets.core.config.settings import Settings
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.conftest import sentences
from tests.huggingtweets.cli.running import Run, sentence


def test_a_training_is_told_and_its_version_used(run: Run, config: Path, sample_file: Path) -> None:
    code, out, err = run("train", "@Ann", "--from", sample_file, "--config", config, "--seed", 3)
    assert code == 0
    assert "ann v1 is in use after" in out
    assert ": it has picked up " in out
    assert "250 downloaded, 10 retweets, 10 short, 230 kept." in out
    assert "collect: tweets 250, new 250" in err
    assert Registry(config.parent / "models").current("ann").manifest.seed == 3

    code, out, _ = run("train", "ann", "--json", "--config", config)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert (rows[-1]["event"], rows[-1]["version"], rows[-1]["kept"]) == ("done", "v2", 230)
    assert {row["event"] for row in rows[:-1]} == {"progress"}

    assert run("rollback", "ann", "--config", config) == (0, "ann v1 is in use again.\n", "")
    assert run("promote", "ann", "v2", "--config", config) == (0, "ann v2 is in use.\n", "")
    assert "ann has no version v9; it has v1, v2" in sentence(run("promote", "ann", "v9", "--config", config), 69)

    assert run("forget", "ann", "--yes", "--config", config) == (0, "ann is forgotten.\n", "")
    assert TweetStore(config.parent / "data" / "tweets").tweets("ann") == []
    assert run("forget", "ann", "--yes", "--config", config)[1] == "There was nothing of ann.\n"
    refused = run("train", "ann", "--from", sample_file, "--config", config)
    assert "say huggingtweets forget ann --lift" in sentence(refused, 65)
    assert run("forget", "ann", "--lift", "--config", config)[1] == "ann may be learned again.\n"
    assert run("forget", "ann", "--lift", "--config", config)[1] == "ann was not forgotten.\n"
    assert run("models", "--config", config)[1].startswith("There is no voice yet.")
    assert run("models", "--json", "--config", config) == (0, "", "")


def test_several_people_are_trained_as_one(run: Run, config: Path, sample_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\n".join(sentences(60, seed=41)))
    whose = ["--from", f"ann={sample_file}", "--from", f"BOB={other}"]
    code, out, _ = run("train", "bob", "ann", *whose, "--config", config)
    assert code == 0
    assert "ann-bob v1 is in use" in out
    code, out, _ = run("train", "bob", "ann", "--from", "x:ann", "--config", config)
    assert "Whose tweets are at x:ann? Write --from ann=x:ann." in sentence((code, out, _), 64)


def test_an_address_in_place_of_a_handle_is_answered_with_the_handle(run: Run, config: Path) -> None:
    for command in ("train", "collect"):
        told = sentence(run(command, "nasa", "--from", "x:https://x.com/nasa", "--config", config), 64)
        assert "is a whole address; write the handle alone, here x:nasa." in told


def test_what_was_left_out_of_a_table_is_said_before_anything_is_learned(
    run: Run, config: Path, tmp_path: Path
) -> None:
    table = tmp_path / "tweets.csv"
    table.write_text("username,text\nann,one two three\nbob,four five six\n")
    code, _, told = run("train", "ann", "--from", table, "--config", config)
    assert code == 65
    assert "Warning: tweets.csv: 1 of its tweets are by others than ann and were left out." in told
    assert "by several people: ann (1) and bob (1)" in sentence(
        run("train", "zed", "--from", table, "--config", config), 65
    )


def test_options_override_the_settings_and_a_base_counts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").touch()
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    changed = with_overrides(settings, {"base": "mine", "method": "full", "seed": 7, "threads": None}).training
    assert (changed.base, changed.method, changed.seed) == (str(tmp_path / "mine"), "full", 7)
    assert changed.threads == settings.training.threads
    assert with_overrides(settings, {"base": None}) == settings
    assert with_overrides(settings, {"base": "hub:owner/name"}).training.base == "hub:owner/name"

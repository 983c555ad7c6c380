"""A person is forgotten under all names."""

import json
from pathlib import Path

from huggingtweets.core.records import Account, Collected, Said, Tweet
from huggingtweets.registry.manifest import LearnedAccount, Manifest
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.huggingtweets.cli.running import Run, sentence


def test_one_person_under_two_names_is_forgotten_under_both(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    store, registry = TweetStore(tmp_path / "data" / "tweets"), Registry(tmp_path / "models")
    account = Account("Lampkeeper", site="x")
    for name in ("circle", "edited"):
        store.merge(name, Collected(account, (Tweet("1", "the lamp is lit"),)))
        with registry.staged(name) as staged:
            registry.release(
                name, staged, Manifest(base="b", created="now", accounts=(LearnedAccount(**account.as_json()),))
            )
    asked = sentence(run("forget", "circle", "--config", config), 64)
    assert "every tweet and version of circle, edited for good" in asked
    forgotten = run("forget", "circle", "--yes", "--config", config)
    assert forgotten == (0, "circle is forgotten. Gone with it: edited.\n", "")
    file = tmp_path / "lampkeeper.jsonl"
    file.write_text(json.dumps({"id": "1", "text": "the lamp is lit", "username": "lampkeeper"}) + "\n")
    for command in (
        ("generate", "edited"),
        ("generate", "circle", "--preview"),
        ("generate", "lampkeeper", "--preview", "--from", file),
        ("generate", "new", "--preview", "--from", file),
        ("train", "lampkeeper"),
        ("train", "lampkeeper", "--from", file),
        ("train", "new", "--from", file),
    ):
        assert "asked to be forgotten" in sentence(run(*command, "--config", config), 65)
    assert store.handles() == registry.kept() == []
    assert run("forget", "lampkeeper", "--lift", "--config", config)[1] == "circle, edited may be learned again.\n"
    assert "There are no tweets of lampkeeper" in sentence(run("train", "lampkeeper", "--config", config), 69)


def test_somebody_who_only_spoke_in_a_chat_is_forgotten_by_name(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    store = TweetStore(tmp_path / "data" / "tweets")
    store.merge("ann", Collected(None, (Tweet("1", "so it is", said=Said("is it thick?", "whatsapp:bob mate")),)))
    who = "whatsapp:Bob Mate"
    assert f"every tweet and version of {who} for good" in sentence(run("forget", who, "--config", config), 64)
    assert run("forget", who, "--yes", "--config", config) == (0, f"{who} is forgotten.\n", "")
    assert run("forget", who, "--yes", "--config", config) == (0, f"There was nothing of {who}.\n", "")
    assert store.tweets("ann")[0].said is None
    assert "may be learned again" in run("forget", who, "--lift", "--config", config)[1]

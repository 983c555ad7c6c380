"""All other accounts stored here are neighbours, even if one of them is damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.evaluation.neighbours import MIN_TEXTS, neighbours
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.dataset import Dataset
from tests.conftest import sentences

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
TEXTS = sentences(2 * MIN_TEXTS, seed=5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three people with tweets, two of them with a version in use."""
    settings = Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path / "data"))
    registry = Registry(settings.storage.models)
    tweets = tuple(Tweet(str(n), text, FIRST + timedelta(hours=n)) for n, text in enumerate(TEXTS))
    for name in ("ann", "bob", "carl"):
        TweetStore(settings.tweets).merge(name, Collected(None, tweets))
    for name in ("bob", "carl"):
        with registry.staged(name) as folder:
            Dataset.of_texts(tuple(f"{name}: {text}" for text in TEXTS), ("held out",)).save(folder / "dataset.jsonl")
            registry.release(name, folder, Manifest(base="b", created="now"))
    return settings


def test_others_are_known_by_what_was_or_would_be_learned_of_them(settings: Settings) -> None:
    known = neighbours(VoiceName("bob"), settings)
    assert known.keys() == {"ann", "carl"}
    assert known["carl"][0] == f"carl: {TEXTS[0]}"
    assert set(known["ann"]) < set(TEXTS)


@pytest.mark.parametrize(
    "damaged", ["models/bob/current.json", "models/bob/v1/manifest.json", "models/bob/v1/dataset.jsonl"]
)
def test_an_account_that_is_damaged_does_not_hide_the_others(
    settings: Settings, tmp_path: Path, damaged: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / damaged).write_text("{")
    assert neighbours(VoiceName("ann"), settings).keys() == {"carl"}
    assert "the account bob is left out" in caplog.text


def test_tweets_that_are_damaged_do_not_hide_the_others(settings: Settings) -> None:
    (settings.tweets / "ann.jsonl").write_text("{}\n")
    assert neighbours(VoiceName("dan"), settings).keys() == {"bob", "carl"}

"""A voice that is learned again: what is new is merged, what was deleted is gone, and what was held out stays so."""

import json
import shutil
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from huggingtweets import sources
from huggingtweets.core import atomic
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.errors import BadSource
from huggingtweets.core.events import Progress
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.model.lora import WEIGHTS
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.owners import Owned
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned import clean
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow import pipeline
from tests.conftest import sentences
from tests.once import made_once_a_run

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
TEXTS = sentences(260, seed=31)


def archive(path: Path, numbers: Sequence[int], username: str = "Ann") -> Path:
    """An X archive that holds the tweets `numbers`, one an hour."""
    tweets = [
        {
            "tweet": {
                "id_str": str(1000 + number),
                "full_text": TEXTS[number],
                "created_at": (FIRST + timedelta(hours=number)).strftime("%a %b %d %H:%M:%S +0000 %Y"),
            }
        }
        for number in numbers
    ]
    account = [{"account": {"username": username, "accountDisplayName": username}}]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
        file.writestr("data/account.js", f"window.YTD.account.part0 = {json.dumps(account)}")
    return path


@pytest.fixture
def settings(tiny_settings: Settings) -> Settings:
    return tiny_settings.model_copy(update={"training": tiny_settings.training.model_copy(update={"max_epochs": 1})})


@pytest.fixture
def first(settings: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """The version in use, learned on an archive of the first 150 tweets, which is at `1.zip`."""

    def learn(home: Path) -> Path:
        storage = StorageSettings(models=home / "models", data=home / "data")
        zipped = archive(home / "1.zip", range(150))
        pipeline.run(VoiceName("ann"), [zipped], settings.model_copy(update={"storage": storage}))
        return home

    shutil.copytree(made_once_a_run(tmp_path_factory, "continuing", learn), tmp_path, dirs_exist_ok=True)
    return Registry(settings.storage.models).current("ann")


def data(version: Version) -> Dataset:
    return Dataset.load(version.dataset)


def test_a_newer_archive_goes_on_from_the_version_in_use(first: Version, settings: Settings, tmp_path: Path) -> None:
    told: list[Progress] = []
    newer = archive(tmp_path / "2.zip", range(200))
    second = pipeline.run(VoiceName("ann"), [newer], settings, say=told.append).version
    assert first.manifest.training.start is None
    assert second.manifest.training.start == "v1"
    assert told[0].facts == {"tweets": 200, "new": 50}
    held_out = data(first).held_out
    assert data(second).held_out[: len(held_out)] == held_out
    assert set(data(second).learned) > set(data(first).learned)
    report = second.manifest.measured
    assert report.previous
    assert report.previous.version == "v1"
    assert report.held_out_bits_per_byte < first.manifest.measured.held_out_bits_per_byte
    assert report.previous.difference < 0


def test_a_changed_cleaning_rule_leaves_what_was_held_out_held_out(
    first: Version, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = clean.clean
    monkeypatch.setattr(clean, "clean", lambda text: f"{rule(text).upper()} (said Ann)")
    second = pipeline.run(VoiceName("ann"), [archive(tmp_path / "2.zip", range(200))], settings).version
    before, after = data(first), data(second)
    assert not set(before.texts) & set(after.texts), "every text is another one now"
    held_out = {one.id for one in before.held_out_examples}
    assert held_out <= {one.id for one in after.held_out_examples}
    assert not held_out & {one.id for one in after.learned_examples}
    assert not {one.id for one in before.learned_examples} & {one.id for one in after.held_out_examples}
    assert {one.id for one in after.held_out_examples} <= {str(1000 + number) for number in range(200)}
    assert second.manifest.training.start is None, "what was learned in the old words is unlearned"


def test_what_a_later_archive_lacks_is_deleted_and_unlearned(
    first: Version, settings: Settings, tmp_path: Path
) -> None:
    left = [number for number in range(160) if number not in (3, 140)]
    told: list[Progress] = []
    second = pipeline.run(VoiceName("ann"), [archive(tmp_path / "2.zip", left)], settings, say=told.append).version
    assert told[0].facts == {"tweets": 158, "new": 10, "deleted": 2}
    assert TEXTS[3] in data(first).texts
    assert not {TEXTS[3], TEXTS[140]} & set(data(second).texts)
    assert second.manifest.training.start is None, "weights that learned it are no place to begin"
    again = pipeline.run(VoiceName("ann"), [tmp_path / "1.zip"], settings, say=told.append).version
    assert TEXTS[3] not in data(again).texts, "an older archive does not bring it back"


def test_the_kept_tweets_are_parsed_once_a_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def read(path: Path) -> list[Any]:
        parsed.append(path.name)
        return read_json_lines(path)

    read_json_lines = atomic.read_json_lines
    monkeypatch.setattr(atomic, "read_json_lines", read)
    pipeline.run(VoiceName("ann"), [archive(tmp_path / "1.zip", range(150))], settings)
    assert "ann.jsonl" not in parsed, "what was just written is known"
    pipeline.run(
        VoiceName("ann"), [archive(tmp_path / "2.zip", range(160)), archive(tmp_path / "3.zip", range(170))], settings
    )
    assert parsed.count("ann.jsonl") == 1


def test_an_archive_of_somebody_else_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    store = TweetStore(settings.tweets)
    store.merge("ann", sources.read(archive(tmp_path / "1.zip", range(0, 100, 2))))
    before = store.fingerprint("ann")
    with pytest.raises(BadSource, match="it is by @bob, but the tweets kept of ann are by @Ann; choose another name"):
        pipeline.run(VoiceName("ann"), [archive(tmp_path / "2.zip", range(1, 101, 2), "bob")], settings)
    assert store.fingerprint("ann") == before
    assert store.known.account("ann").handle == "Ann"
    assert not list(settings.storage.models.iterdir())


def test_a_voice_that_gains_nothing_new_is_begun_anew(first: Version, settings: Settings, tmp_path: Path) -> None:
    again = pipeline.run(VoiceName("ann"), [tmp_path / "1.zip"], settings).version
    ours, theirs = (version.adapter / WEIGHTS for version in (first, again))
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_full_fine_tune_goes_on_too(settings: Settings, tmp_path: Path) -> None:
    full = settings.model_copy(update={"training": settings.training.model_copy(update={"method": "full"})})
    pipeline.run(VoiceName("ann"), [archive(tmp_path / "1.zip", range(150))], full)
    second = pipeline.run(VoiceName("ann"), [archive(tmp_path / "2.zip", range(200))], full)
    assert second.version.manifest.training.start == "v1"
    assert second.report.previous
    assert second.report.previous.difference < 0
    other = pipeline.run(VoiceName("ann"), [archive(tmp_path / "3.zip", range(220))], settings)
    assert other.version.manifest.training.start is None, "an adapter is not begun from a whole model"


def test_several_people_make_one_voice(settings: Settings, tmp_path: Path) -> None:
    ann = archive(tmp_path / "ann.zip", range(130))
    bob = archive(tmp_path / "bob.zip", range(130, 200), "whoever")
    outcome = pipeline.run(VoiceName("ann-bob"), [Owned(ann), Owned(bob, "bob")], settings)
    assert outcome.counts.downloaded == 200
    accounts = outcome.version.manifest.accounts
    assert [(account.handle, account.counts.downloaded) for account in accounts] == [("Ann", 130), ("whoever", 70)]
    of_ann, of_bob = (
        sum(len(text) for text in data(outcome.version).repeated.learned if text in TEXTS[part])
        for part in (slice(130), slice(130, 200))
    )
    assert of_ann == pytest.approx(of_bob, rel=0.02)
    assert Registry(settings.storage.models).names() == ["ann-bob"]
    assert TweetStore(settings.tweets).handles() == ["ann", "bob"]


def tweets(*numbers: int, source: str = "") -> tuple[Tweet, ...]:
    return tuple(Tweet(str(n), TEXTS[n], FIRST + timedelta(hours=n), source=source) for n in numbers)


def test_only_a_later_and_complete_source_says_what_is_gone(tmp_path: Path) -> None:
    store = TweetStore(tmp_path)
    store.merge("ann", Collected(None, tweets(*range(10)), complete=True))
    assert store.gone("ann", Collected(None, tweets(2, 8))) == set(), "a table may be a part"
    assert store.gone("ann", Collected(None, tweets(2, 4), complete=True)) == set(), "an older archive"
    assert store.gone("ann", Collected(None, tweets(2, 8, 11), complete=True)) == {"3", "4", "5", "6", "7", "9"}
    store.merge("ann", Collected(None, (*tweets(20, source="bluesky:1"), Tweet("x", "undated"))))
    assert not {"20", "x"} & store.gone("ann", Collected(None, tweets(2, 30), complete=True))


def test_who_is_forgotten_leaves_no_period(tmp_path: Path) -> None:
    store = TweetStore(tmp_path)
    store.merge("ann", Collected(None, tweets(*range(10)), complete=True))
    store.forget("ann")
    assert not list(tmp_path.glob("ann.*"))

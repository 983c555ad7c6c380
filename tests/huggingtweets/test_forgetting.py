"""Forgetting leaves nothing of a person in any folder of the pipeline."""

from pathlib import Path

import pytest

from huggingtweets.config import Settings, Storage
from huggingtweets.errors import Unavailable
from huggingtweets.forgetting import affected, forget
from huggingtweets.records import Account, Collected, Tweet
from huggingtweets.registry import Registry
from huggingtweets.tweet_store import TweetStore


def settings_in(tmp_path: Path) -> Settings:
    return Settings(storage=Storage(models=tmp_path / "models", data=tmp_path / "data"))


def keep_something_everywhere(settings: Settings, name: str) -> None:
    for folder in (settings.storage.models, settings.exports, settings.records / "artifacts"):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "file").write_text(f"of {name}")
    for kept in (f"{name}.db", f"{name}.db-wal", f"{name}.lock"):
        (settings.records / kept).write_text(f"of {name}")
    settings.avatars.mkdir(exist_ok=True)
    (settings.avatars / f"{name}.jpg").write_text(f"of {name}")
    TweetStore(settings.tweets).merge(name, Collected(Account(name), (Tweet("1", f"of {name}"),)))


def kept_of(tmp_path: Path, name: str) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file() and f"of {name}" in path.read_text()]


def test_everything_of_the_person_goes_and_nothing_of_others(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keep_something_everywhere(settings, "ann")
    keep_something_everywhere(settings, "dan")
    others = len(kept_of(tmp_path, "dan"))
    assert forget("ann", settings)
    assert kept_of(tmp_path, "ann") == []
    assert len(kept_of(tmp_path, "dan")) == others == 8


def test_what_a_kill_left_goes_when_forgotten_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (settings.records / "media" / "ann").mkdir(parents=True)
    assert forget("ann", settings)
    assert not forget("ann", settings)


def test_models_that_others_are_in_too_go_as_well(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for name in ("ann", "ann-bob", "anna", "bob"):
        (settings.storage.models / name / "v1").mkdir(parents=True)
        (settings.storage.models / name / "v1" / "manifest.json").write_text("{}")
    assert affected("ann", settings) == ["ann", "ann-bob"]
    assert forget("ann", settings)
    assert sorted(path.name for path in settings.storage.models.iterdir()) == ["anna", "bob"]


def test_a_tombstone_stays_though_a_training_keeps_the_models_from_going(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keep_something_everywhere(settings, "ann")
    (settings.storage.models / "ann" / "v1").mkdir()
    with Registry(settings.storage.models).staged("ann"), pytest.raises(Unavailable, match="is being trained"):
        forget("ann", settings)
    assert TweetStore(settings.tweets).is_forgotten("ann")
    assert forget("ann", settings)
    assert kept_of(tmp_path, "ann") == []

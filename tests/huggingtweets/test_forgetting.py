"""Forgetting leaves nothing of a person in any folder of the pipeline."""

from pathlib import Path

from huggingtweets.config import Settings, Storage
from huggingtweets.forgetting import forget
from huggingtweets.records import Account, Collected, Tweet
from huggingtweets.tweet_store import TweetStore


def settings_in(tmp_path: Path) -> Settings:
    return Settings(storage=Storage(models=tmp_path / "models", data=tmp_path / "data"))


def keep_something_everywhere(settings: Settings, name: str) -> None:
    for folder in (settings.storage.models, settings.exports, settings.records):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "file").write_text(f"of {name}")
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
    assert len(kept_of(tmp_path, "dan")) == others == 5


def test_what_a_kill_left_goes_when_forgotten_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (settings.records / "ann").mkdir(parents=True)
    assert forget("ann", settings)
    assert not forget("ann", settings)

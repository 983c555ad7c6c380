"""Places where a bot keeps something: voices, tweets, a database. Made by hand, so nothing is trained."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.config import Config
from bot.keeping.restoring import restore
from bot.store import Store
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.databases import sqlite_in
from tests.bot.store.conftest import url  # noqa: F401  fixtures

PERSON = "discord:7"


@dataclass
class Place:
    """A folder with a config.toml, and what lies where its settings say."""

    folder: Path

    @property
    def config_file(self) -> Path:
        return self.folder / "config.toml"

    @property
    def config(self) -> Config:
        return Config.load(self.config_file, {})

    @property
    def registry(self) -> Registry:
        return Registry(self.folder / "models")

    @property
    def tweets(self) -> TweetStore:
        return TweetStore(self.folder / "data" / "tweets")

    def learn(self, voice: str, *versions: str, account: str = "") -> None:
        """Versions with weights that differ, of an account of X. The last one is in use."""
        for version in versions or ("v1",):
            home = self.folder / "models" / voice / version
            (home / "adapter").mkdir(parents=True)
            (home / "adapter" / "adapter_model.safetensors").write_bytes(f"weights of {voice} {version}".encode() * 999)
            (home / "dataset.jsonl").write_text('{"text": "a tweet"}\n')
            whose = [{"handle": account or voice, "site": "x"}]
            (home / "manifest.json").write_text(json.dumps({"base": "b", "created": "2026-01-01", "accounts": whose}))
            self.registry.promote(voice, version)
        tweets = tuple(Tweet(str(number), f"{voice} says {number}") for number in range(3))
        self.tweets.merge(voice, Collected(Account(account or voice, site="x"), tweets))

    def files(self) -> dict[str, bytes]:
        """Everything that lies here, except locks and the logs of SQLite."""
        ends = (".lock", ".leader", "-wal", "-shm")
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.endswith(ends))
        paths = (path for path in files if not path.name.startswith(".lock-"))
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def in_store(self, act: "Callable[[Store], object]") -> None:
        """Do something in the database, as a bot that runs."""

        async def done() -> None:
            async with Store(self.config.database_url) as store:
                await act(store)  # type: ignore[misc]

        asyncio.run(done())

    def restore(self, backup: Path, *, replace: bool = False, passphrase: str = "") -> object:
        return asyncio.run(restore(self.config, self.config_file, backup, lambda: passphrase, replace=replace))


@pytest.fixture
def make_place(tmp_path: Path) -> Callable[..., Place]:
    def make(name: str, settings: str = "") -> Place:
        place = Place(tmp_path / name)
        place.folder.mkdir()
        place.config_file.write_text(f"# of {name}\n{settings}")
        return place

    return make


@pytest.fixture
def here(make_place: Callable[..., Place]) -> Place:
    """A bot with two voices and a database, in which somebody has voted."""
    place = make_place("here")
    place.learn("ann", "v1", "v2")
    place.learn("bob")
    (place.folder / "data" / "avatars").mkdir()
    (place.folder / "data" / "avatars" / "ann.png").write_bytes(b"picture")
    sqlite_in(place.folder / "data")
    place.in_store(_answered)
    return place


async def _answered(store: Store) -> None:
    await store.feedback.answered("m1", person=PERSON, voice=VoiceName("ann"), version="v2", texts=("said",))
    await store.feedback.vote("m1", "discord:8", 1)


@pytest.fixture
def elsewhere(make_place: Callable[..., Place]) -> Place:
    """Another machine, with nothing on it but settings."""
    return make_place("elsewhere")

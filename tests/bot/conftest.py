"""A voice that is ready, and the use cases on it, as app.py puts them together."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.background.telling import Delivery, Telling
from bot.core.config import LimitsSettings as LimitSettings
from bot.core.uploads import Uploads
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.willing import Willing
from bot.store import Store
from bot.store.notices import Notice
from bot.trainings.child import ChildTrainer
from bot.trainings.trainer import Trainer
from bot.trainings.training import Training
from bot.trainings.worker import TrainingWorker
from bot.voices.tweeting import Tweeting
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import parts, x_settings  # noqa: F401
from tests.bot.servers import postgresql_server, postgresql_template  # noqa: F401


@dataclass
class Home:
    """A folder with a config.toml of its own, in which the voice `ann` is trained."""

    folder: Path
    config_file: Path
    registry: Registry


def settings_of(home: Home) -> Settings:
    """Where what lies in `home` is found."""
    return Settings(storage=StorageSettings(models=home.registry.root, data=home.folder / "data"))


@pytest.fixture
def empty_home(tmp_path: Path, tiny_base: Path) -> Home:
    """The same without a voice."""
    config_file = tmp_path / "config.toml"
    config_file.write_text(
        f"""
        [training]
        base = "{tiny_base}"
        threads = 1
        min_characters = 1_000
        max_epochs = 2
        row_tokens = 128
        lora_rank = 4
        [gate]
        drafts = 8
        max_exact_copies = 8
        max_near_copies = 1.0
        [tracking]
        tracker = "none"
        [generation]
        threads = 1
        max_new_tokens = 60
        [bot]
        sample_account = false
        [playground]
        port = 0
        """
    )
    return Home(tmp_path, config_file, Registry(tmp_path / "models"))


@pytest.fixture
def home(empty_home: Home, trained: tuple[Settings, Outcome]) -> Home:
    settings, _ = trained
    shutil.copytree(settings.storage.models, empty_home.folder / "models")
    return empty_home


@dataclass
class UseCases:
    tweeting: Tweeting
    training: Training
    home: Home
    store: Store


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that looks around more often than people need."""
    monkeypatch.setattr("bot.trainings.worker.TICK_SECONDS", 0.1)
    monkeypatch.setattr("bot.trainings.worker.POLL_SECONDS", 0.1)
    monkeypatch.setattr("bot.trainings.worker.RETRY_SECONDS", 0.1)
    monkeypatch.setattr("bot.store.sql.leading.RETRY_SECONDS", 0.1)


@asynccontextmanager
async def training_in(
    home: Home,
    *,
    max_waiting: int = 8,
    notices: list[str] | None = None,
    trainer: Trainer | None = None,
    store: Store | None = None,
    **settings: Any,
) -> AsyncIterator[Training]:
    """The use case with its worker, as app.py puts them together. Without a `store` it has one of its own."""

    async def tell(notice: Notice) -> Delivery:
        if notices is not None:
            notices.append(notice.text)
        return Delivery.TOLD

    of_children = {key: settings.pop(key) for key in ("secret_names", "seconds_to_end") if key in settings}
    uploads, leftovers = Uploads(home.folder / "data" / "uploads"), Leftovers(settings_of(home))
    async with (
        nullcontext(store) if store else Store(sqlite_in(home.folder / "data")) as store,
        Telling(store, tell) as telling,
        TrainingWorker(
            store=store,
            registry=home.registry,
            willing=(willing := Willing(store, settings_of(home))),
            trainer=trainer or ChildTrainer(home.registry, home.config_file, **of_children),
            leftovers=leftovers,
            tweets=TweetStore(settings_of(home).tweets),
            wake_telling=telling.wake,
            # Beside other tests a child that gives way to all would not come to its turn.
            **{"niceness": 0, **settings},
        ) as worker,
        Training(
            store=store,
            willing=willing,
            uploads=uploads,
            leftovers=leftovers,
            wake=worker.wake,
            max_waiting=max_waiting,
        ) as training,
    ):
        yield training


@asynccontextmanager
async def use_cases_in(home: Home, trained: tuple[Settings, Outcome]) -> AsyncIterator[UseCases]:
    async with (
        Engine(trained[0].generation) as engine,
        Store(sqlite_in(home.folder / "data")) as store,
        training_in(home, max_waiting=2, store=store) as training,
    ):
        tweeting = Tweeting(
            registry=home.registry,
            writer=Writer(engine),
            training=training,
            limits=Limits(LimitSettings(requests_per_minute=20), store.pauses),
            consenting=Consenting(store=store, settings=settings_of(home)),
            max_count=5,
            preview_base=trained[0].training.base,
            tweets=TweetStore(home.folder / "data" / "tweets"),
        )
        yield UseCases(tweeting, training, home, store)


@pytest.fixture
async def use_cases(home: Home, trained: tuple[Settings, Outcome]) -> AsyncIterator[UseCases]:
    async with use_cases_in(home, trained) as made:
        yield made


@pytest.fixture
async def use_cases_without_voices(empty_home: Home, trained: tuple[Settings, Outcome]) -> AsyncIterator[UseCases]:
    async with use_cases_in(empty_home, trained) as made:
        yield made

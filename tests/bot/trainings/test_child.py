"""A child process of this process is a trainer."""

from pathlib import Path

import pytest

from bot.trainings.child import ChildTrainer
from bot.trainings.trainer import Trainer
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.config.settings_text import settings_text
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.trainings.trainer_contract import TrainerContract, moved_to
from tests.conftest import QUICK_GATE


class TestChild(TrainerContract):
    @pytest.fixture
    def registry(self, tmp_path: Path) -> Registry:
        return Registry(tmp_path / "models")

    @pytest.fixture
    def trainer(self, registry: Registry, trained: tuple[Settings, Outcome], tmp_path: Path) -> Trainer:
        config_file = tmp_path / "config.toml"
        settings = moved_to(tmp_path, trained[0]).model_copy(update={"gate": QUICK_GATE})
        config_file.write_text(settings_text(settings), encoding="utf-8")
        return ChildTrainer(registry, config_file)

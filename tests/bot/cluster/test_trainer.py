"""The cluster is a trainer."""

import pytest

from bot.cluster.link import GatewayLink
from bot.cluster.trainer import ClusterTrainer
from bot.trainings.trainer import Trainer
from huggingtweets.core.config.settings import Settings
from huggingtweets.registry.versions import Registry
from tests.bot.trainings.trainer_contract import TrainerContract

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]


class TestCluster(TrainerContract):
    @pytest.fixture
    def registry(self, settings: Settings) -> Registry:
        return Registry(settings.storage.models)

    @pytest.fixture
    def trainer(self, link: GatewayLink, settings: Settings) -> Trainer:
        return ClusterTrainer(link, lambda: settings)

"""The cluster is a drafter, and where it cannot be reached the engine in this process is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from huggingtweets.core.config.settings import GenerationSettings
from tests.huggingtweets.generation.drafter_contract import DrafterContract, Opens

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]


class TestCluster(DrafterContract):
    @pytest.fixture
    def opens(self, link: GatewayLink, tiny_generation: GenerationSettings) -> Opens:
        def open_drafter(**settings: Any) -> ClusterDrafter:
            return ClusterDrafter(tiny_generation.model_copy(update=settings), link)

        return open_drafter

    @pytest_asyncio.fixture(loop_scope="session")
    async def drafter(self, opens: Opens) -> AsyncIterator[Any]:
        async with opens() as drafter:
            yield drafter

"""The engine in this process is a drafter."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.generation.engine import Engine
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.generation.drafter_contract import DrafterContract, Opens


class TestEngine(DrafterContract):
    @pytest.fixture
    def opens(self, tiny_generation: GenerationSettings) -> Opens:
        def open_engine(**settings: Any) -> Engine:
            return Engine(tiny_generation.model_copy(update=settings))

        return open_engine

    @pytest.fixture
    async def drafter(self, opens: Opens) -> AsyncIterator[Any]:
        async with opens() as engine:
            yield engine

    @pytest.fixture
    def version(self, trained: tuple[Settings, Outcome], tmp_path: Path) -> Version:
        shutil.copytree(trained[0].storage.models, tmp_path / "models")
        return Registry(tmp_path / "models").current("ann")

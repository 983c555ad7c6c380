"""Where this bot draws and trains: in this process and its children, or on other machines, as [cluster] says.

Knows both kinds of each. Nothing else in the bot knows which one there is.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.config import Config
from bot.core.process.stopping import seconds_for_a_child
from bot.trainings.child import ChildTrainer
from bot.trainings.trainer import Trainer
from huggingtweets.core.config.settings import Settings
from huggingtweets.generation.drafter import Drafter
from huggingtweets.generation.engine import Engine
from huggingtweets.registry.versions import Registry

if TYPE_CHECKING:
    from bot.cluster.link import GatewayLink

log = logging.getLogger(__name__)


class Machines:
    """An async context manager: what draws, and what makes trainers."""

    def __init__(self, config: Config, config_file: Path | None):
        self._config, self._config_file = config, config_file
        self._stack = AsyncExitStack()
        self._link: GatewayLink | None = None

    async def __aenter__(self) -> Drafter:
        config, cluster = self._config, self._config.cluster
        if not cluster.address:
            return await self._stack.enter_async_context(Engine(config.generation))
        # Imported only where there is a cluster.
        from bot.cluster.drafter import ClusterDrafter
        from bot.cluster.link import GatewayLink
        from bot.cluster.plan import plan_for

        plan = await asyncio.to_thread(plan_for, config, cluster)
        link = GatewayLink(plan, cluster.token, secret_names=config.secret_names)
        self._link = await self._stack.enter_async_context(link)
        own = Engine(config.generation) if cluster.draw_here or not cluster.draw else None
        if not cluster.draw and own:
            return await self._stack.enter_async_context(own)
        return await self._stack.enter_async_context(ClusterDrafter(config.generation, link, own))

    async def __aexit__(self, *ended: object) -> None:
        await self._stack.aclose()

    def trainer(self, registry: Registry) -> Trainer:
        """What trains. Call it inside the context."""
        config, cluster = self._config, self._config.cluster
        seconds = seconds_for_a_child(config.bot.stop_seconds)
        if self._link and cluster.train and not cluster.why_not_train:
            from bot.cluster.plan import pipeline_settings
            from bot.cluster.trainer import ClusterTrainer

            def in_force() -> Settings:
                return pipeline_settings(Settings.load(self._config_file))

            return ClusterTrainer(self._link, in_force, seconds_to_end=seconds)
        if self._link and cluster.train:
            log.warning("voices are trained on this machine: %s", cluster.why_not_train)
        return ChildTrainer(registry, self._config_file, secret_names=config.secret_names, seconds_to_end=seconds)

"""What goes on by itself at one place, such as answering mentions: a step, a wait, and longer waits after failures.

Knows waits. Does not know what a step does.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import TypedDict, Unpack

from bot.core.config import PostingSettings
from bot.core.errors import BotError
from bot.core.process.ongoing import Ongoing
from bot.posts.posting import Posting
from bot.store import Store
from huggingtweets.core.errors import PipelineError
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)


class LoopParts(TypedDict):
    """What every loop of a place works with."""

    store: Store
    posting: Posting
    settings: PostingSettings
    clock: Callable[[], datetime]
    patience: Patience


class PlaceLoop(Ongoing):
    """Steps at the place of `posting`. `what` says for the log what waits after a failure."""

    what: str

    def __init__(self, **parts: Unpack[LoopParts]):
        self._store = parts["store"]
        self._posting = parts["posting"]
        self._settings = parts["settings"]
        self._clock = parts["clock"]
        self._patience = parts["patience"]
        self._name = self._posting.account

    @abstractmethod
    async def step(self) -> float:
        """Do what can be done now. Returns the seconds until there may be more to do."""

    @property
    @abstractmethod
    def idle_seconds(self) -> float:
        """The seconds between two steps where there is nothing to do."""

    async def _go_on(self) -> None:
        failures = 0
        while True:
            try:
                wait = await self.step()
                failures = 0
            except (PipelineError, BotError, TimeoutError) as error:
                log.warning("%s of %s wait: %s", self.what, self._name, error)
                wait = max(self.idle_seconds, self._patience.delay(failures))
                failures += 1
            await asyncio.sleep(wait)

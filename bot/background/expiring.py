"""Once a day, strangers who have not been there for long are deleted: who mentioned the bot, or used the open page.

Knows days. Does not know what is kept of strangers.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.process.ongoing import Ongoing
from bot.store import Store
from huggingtweets.core.errors import PipelineError

log = logging.getLogger(__name__)

A_DAY_SECONDS = 86_400.0
AGAIN_SECONDS = 600.0  # after a failure


class Expiring(Ongoing):
    """Deletes strangers `days` after their last mention or visit, at the start and then once a day."""

    def __init__(self, store: Store, days: int, clock: Callable[[], datetime]):
        self._store = store
        self._kept_for = timedelta(days=days)
        self._clock = clock

    async def look(self) -> int:
        """Delete whose time is over. Returns how many rows there were."""
        count = await self._store.strangers.forget(self._clock() - self._kept_for)
        if count:
            log.info("strangers were deleted: %d rows", count)
        return count

    async def _go_on(self) -> None:
        while True:
            try:
                await self.look()
                wait = A_DAY_SECONDS
            except PipelineError as error:
                log.warning("strangers are deleted later: %s", error)
                wait = AGAIN_SECONDS
            await asyncio.sleep(wait)

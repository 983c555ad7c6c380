"""Delivers notices: each is told until it was heard, also after a restart.

Knows the store and whoever has said that they can tell. Does not know platforms.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from bot.errors import BotError
from bot.ongoing import Ongoing
from bot.store import Store
from bot.store.notices import Notice
from huggingtweets.errors import PipelineError

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
TELL_SECONDS = 30.0

Tell = Callable[[Notice], Awaitable[bool]]


async def tell_the_log(notice: Notice) -> bool:
    """Where nobody else tells: a line in the log, without what a model wrote."""
    log.info("notice %s: %s", notice.key, notice.text.partition("\n")[0])
    return True


class Telling(Ongoing):
    """Tells notices, one at a time, the oldest first. An async context manager.

    `tell` returns whether it is the one to tell, and raises when it could not.
    """

    def __init__(self, store: Store, tell: Tell = tell_the_log):
        self._store = store
        self._tells: list[Tell] = [tell]
        self._wake = asyncio.Event()

    def add(self, tell: Tell) -> None:
        """Another who can tell; the last one added is asked first."""
        self._tells.insert(0, tell)
        self._wake.set()

    async def notice(self, key: str, text: str, place: str = "") -> None:
        """Keep a notice until it is told; the same `key` once. Raises `StoreUnavailable`."""
        if await self._store.notices.add(key, text, place):
            self._wake.set()

    async def _go_on(self) -> None:
        while True:
            self._wake.clear()
            try:
                for notice in await self._store.notices.untold():
                    await self._store.notices.tried(notice.id, told=await self._tell(notice))
            except (PipelineError, BotError) as error:
                log.warning("notices wait: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def _tell(self, notice: Notice) -> bool:
        for tell in self._tells:
            try:
                async with asyncio.timeout(TELL_SECONDS):
                    if await tell(notice):
                        return True
            except Exception as error:  # noqa: BLE001  whatever goes wrong there, the others are still to be told
                log.warning("notice %s was not heard: %s", notice.key, type(error).__name__)
                return False
        return False

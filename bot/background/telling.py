"""Delivers notices: each is told until it was heard, also after a restart, or given up after a day.

Knows the store and whoever has said that they can tell. Does not know platforms.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.core.errors import BotError
from bot.core.ongoing import Ongoing, woken
from bot.store import Clock, Store, utc_now
from bot.store.notices import Notice
from huggingtweets.core.errors import PipelineError
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
TELL_SECONDS = 30.0
GIVE_UP_AFTER = timedelta(days=1)  # news of yesterday; and what they quote is not kept for ever
WAITS = Patience(first_seconds=5.0, longest_seconds=300.0)


class Delivery(Enum):
    """What comes of asking somebody to tell a notice; who raises could not tell it."""

    TOLD = auto()
    NOT_MINE = auto()
    NOT_YET = auto()  # it is theirs, and they are not there yet: this counts as no attempt


Tell = Callable[[Notice], Awaitable[Delivery]]


async def tell_the_log(notice: Notice) -> Delivery:
    """Where nobody else tells: a line in the log, without what a model wrote."""
    log.info("notice %s: %s", notice.key, notice.text.partition("\n")[0])
    return Delivery.TOLD


class Telling(Ongoing):
    """Tells notices, one at a time, the oldest first. An async context manager.

    With `another_comes` nothing is told before somebody was added, who may be the one that a notice is for. What could
    not be told for a day, in all of which this process was there, is given up.
    """

    def __init__(
        self,
        store: Store,
        tell: Tell = tell_the_log,
        *,
        another_comes: bool = False,
        waits: Patience = WAITS,
        clock: Clock = utc_now,
    ):
        self._store = store
        self._tells: list[Tell] = [tell]
        self._waits = waits
        self._clock = clock
        self._since = clock()
        self._not_before: dict[int, datetime] = {}
        self._wake = asyncio.Event()
        self._complete = asyncio.Event()
        if not another_comes:
            self._complete.set()

    def add(self, tell: Tell) -> None:
        """Another who can tell; the last one added is asked first."""
        self._tells.insert(0, tell)
        self._complete.set()
        self.wake()

    def wake(self) -> None:
        """There may be a notice: do not wait for the next look."""
        self._wake.set()

    async def notice(self, key: str, text: str, place: str = "") -> None:
        """Keep a notice until it is told; the same `key` once. Raises `StoreUnavailable`."""
        if await self._store.notices.add(key, text, place):
            self.wake()

    async def _go_on(self) -> None:
        await self._complete.wait()
        while True:
            self._wake.clear()
            try:
                for notice in await self._store.notices.untold():
                    not_before = self._not_before.get(notice.id)
                    if not not_before or self._clock() >= not_before:
                        await self._try(notice)
            except (PipelineError, BotError) as error:
                log.warning("notices wait: %s", error)
            await woken(self._wake, POLL_SECONDS)

    async def _try(self, notice: Notice) -> None:
        heard = await self._tell(notice)
        if heard is Delivery.TOLD:
            self._not_before.pop(notice.id, None)
            await self._store.notices.told(notice.id)
        elif self._clock() - max(self._since, notice.created_at) >= GIVE_UP_AFTER:
            log.warning("notice %s is given up: %s", notice.key, notice.text.partition("\n")[0])
            self._not_before.pop(notice.id, None)
            await self._store.notices.given_up(notice.id)
        elif heard is None:
            wait = timedelta(seconds=self._waits.delay(notice.attempts))
            self._not_before[notice.id] = self._clock() + wait
            await self._store.notices.failed(notice.id)

    async def _tell(self, notice: Notice) -> Delivery | None:
        """What came of it; None when whoever is to tell it could not."""
        for tell in self._tells:
            try:
                async with asyncio.timeout(TELL_SECONDS):
                    heard = await tell(notice)
            except Exception as error:  # noqa: BLE001  whatever goes wrong there, the others are still to be told
                log.warning("notice %s was not heard: %s", notice.key, type(error).__name__)
                return None
            if heard is not Delivery.NOT_MINE:
                return heard
        return Delivery.NOT_YET

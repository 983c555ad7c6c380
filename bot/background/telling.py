"""Delivers notices: each is tried until it was delivered, also after a restart, and given up after a day.

Knows the store, and the functions that deliver. Does not know platforms.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.core.errors import BotError
from bot.core.process.ongoing import Ongoing, woken
from bot.store import Clock, Store, utc_now
from bot.store.notices import Notice
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
TELL_SECONDS = 30.0
GIVE_UP_AFTER = timedelta(days=1)  # older news interests nobody, and the tweets that it quotes are not kept for ever
WAITS = Patience(first_seconds=5.0, longest_seconds=300.0)


class Delivery(Enum):
    """What a function that delivers answers. It raises if the delivery failed."""

    TOLD = auto()
    NOT_MINE = auto()
    NOT_YET = auto()  # it will be able to deliver this notice later: this does not count as an attempt


Tell = Callable[[Notice], Awaitable[Delivery]]


async def tell_the_log(notice: Notice) -> Delivery:
    """The last resort: the first line of a notice in the log. What a model wrote comes after it and is left out."""
    log.info("notice %s: %s", notice.key, notice.text.partition("\n")[0])
    return Delivery.TOLD


class Telling(Ongoing):
    """Delivers notices, one at a time, the oldest first. An async context manager.

    With `another_comes` nothing is delivered before `add` was called, because a notice may be for the function that is
    added. A notice that could not be delivered for a day, during all of which this process ran, is given up.
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
        """Add a function that delivers. The last one added is asked first."""
        self._tells.insert(0, tell)
        self._complete.set()
        self.wake()

    def wake(self) -> None:
        """Look for notices now, and not only at the next regular look."""
        self._wake.set()

    async def notice(self, key: str, text: Phrase, place: str = "") -> None:
        """Keep a notice until it is delivered. The same `key` is delivered once. Raises `StoreUnavailable`."""
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
        delivery = await self._tell(notice)
        if delivery is Delivery.TOLD:
            self._not_before.pop(notice.id, None)
            await self._store.notices.told(notice.id)
        elif self._clock() - max(self._since, notice.created_at) >= GIVE_UP_AFTER:
            log.warning("notice %s is given up: %s", notice.key, notice.text.partition("\n")[0])
            self._not_before.pop(notice.id, None)
            await self._store.notices.given_up(notice.id)
        elif delivery is None:
            wait = timedelta(seconds=self._waits.delay(notice.attempts))
            self._not_before[notice.id] = self._clock() + wait
            await self._store.notices.failed(notice.id)

    async def _tell(self, notice: Notice) -> Delivery | None:
        """The first answer that is not `NOT_MINE`, or None if the delivery failed."""
        for tell in self._tells:
            try:
                async with asyncio.timeout(TELL_SECONDS):
                    delivery = await tell(notice)
            except Exception as error:  # noqa: BLE001  whatever goes wrong, the other notices must still be delivered
                log.warning("notice %s was not delivered: %s", notice.key, type(error).__name__)
                return None
            if delivery is not Delivery.NOT_MINE:
                return delivery
        return Delivery.NOT_YET

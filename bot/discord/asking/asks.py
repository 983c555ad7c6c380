"""What was asked and is being answered. Each ask is answered once, and a stop waits for the answers.

A gateway may deliver an event twice, above all after a connection was resumed.

Knows ids and tasks. Does not know what is asked or how it is answered.
"""

import asyncio
import logging
from collections import OrderedDict

from bot.core.errors import BotError
from bot.core.request_ids import begin_request
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

REMEMBERED = 10_000


class BotStopping(BotError):
    """The bot is being stopped and begins nothing new."""

    def __init__(self) -> None:
        super().__init__(Phrase("I am being restarted; ask me again in a minute."))


class Asks:
    """Remembers the last `remembered` asks, and the tasks that are answering."""

    def __init__(self, remembered: int = REMEMBERED):
        self._remembered = remembered
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._answering: set[asyncio.Task[object]] = set()
        self._stopping = False

    def begin(self, ask: int) -> bool:
        """Returns True if `ask` is new. Then the calling task counts as answering until it is done."""
        is_new = ask not in self._seen
        self._seen[ask] = None
        self._seen.move_to_end(ask)
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        if is_new:
            task = asyncio.current_task()
            assert task
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
            begin_request()
        return is_new

    @property
    def are_ending(self) -> bool:
        """True once `finish` was called: what takes long ends early now."""
        return self._stopping

    def refuse_when_stopping(self) -> None:
        """Raises `BotStopping` once `finish` was called."""
        if self._stopping:
            raise BotStopping

    async def finish(self, within_seconds: float) -> None:
        """Let the answers under way finish. Those that take longer than `within_seconds` are cancelled."""
        self._stopping = True
        answering = self._answering - {asyncio.current_task()}
        if not answering:
            return
        log.info("finishing %d answers", len(answering))
        _, late = await asyncio.wait(answering, timeout=within_seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d answers were not ready within %g s and are given up", len(late), within_seconds)
            await asyncio.wait(late)

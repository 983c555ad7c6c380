"""Says what the clock has queued for channels, each remark once, whenever the process dies.

Before the call the row says `sending`. After a doubtful answer, and after a start, the channel itself decides: a remark
that is there was said. One that is not there `SETTLE` after the try was not, and is said again. Of a schedule only the
latest remark waits, so after a time without Discord one is made up for at most.

Knows states and waits. Does not know Discord: it is given a `Stage`.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.clock.schedule_entry import Schedule
from bot.core.errors import BotError, CannotSpeak, NotAllowed
from bot.core.process.ongoing import Ongoing, woken
from bot.store import Clock, Store, utc_now
from bot.store.notices import SendNotice
from bot.store.voices.remarks import Remark
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.writer import Tweets
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
SETTLE = timedelta(seconds=30)  # a message that was on its way when the process died is in its channel by then
GIVE_UP_AFTER = timedelta(days=1)
LATE = timedelta(minutes=5)  # chatter that is older follows a message that nobody remembers
PATIENCE = Patience(first_seconds=5.0, longest_seconds=300.0)
CHANNEL = "channel"  # in the options of a schedule


class Stage(Protocol):
    """The far end."""

    def is_ready(self) -> bool:
        """Returns True while it can be spoken to."""
        ...

    async def draw(self, remark: Remark) -> Tweets:
        """Returns what is to be said. Raises `CannotSpeak`, or what drawing raises."""
        ...

    async def send(self, remark: Remark, tweets: Tweets) -> str:
        """Returns the message, or "" if the remark may have been sent. Raises `CannotSpeak` if it was not."""
        ...

    async def find(self, remark: Remark) -> str:
        """Returns the message, or "" if the remark is not there. Raises `CannotSpeak` if that cannot be seen."""
        ...


class Saying(Ongoing):
    """Says what waits, one at a time. An async context manager."""

    def __init__(
        self, *, store: Store, stage: Stage, notice: SendNotice, clock: Clock = utc_now, patience: Patience = PATIENCE
    ):
        self._store = store
        self._stage = stage
        self._notice = notice
        self._clock = clock
        self._patience = patience
        self._tries: dict[int, tuple[int, datetime]] = {}  # of remarks that failed: how often, and when again
        self._wake = asyncio.Event()

    async def _go_on(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.step()
            except PipelineError as error:
                log.warning("remarks wait: %s", error)
            except Exception:
                log.exception("remarks wait")
            await woken(self._wake, POLL_SECONDS)

    async def step(self) -> None:
        """Say what waits, and settle what is in doubt."""
        if not self._stage.is_ready():
            return
        for remark in await self._store.remarks.unfinished():
            tries, again_at = self._tries.get(remark.id, (0, self._clock()))
            if again_at > self._clock():
                continue
            try:
                if remark.state == "sending":
                    await self._settle(remark)
                elif remark.schedule:
                    await self._say(remark)
                elif remark.created_at < self._clock() - LATE:
                    await self._store.remarks.move(remark.id, "waiting", "failed", error="the process ended")
                self._tries.pop(remark.id, None)
            except (BotError, PipelineError) as error:
                self._tries[remark.id] = tries + 1, self._clock() + timedelta(seconds=self._patience.delay(tries))
                await self._failed(remark, error)

    async def _say(self, remark: Remark) -> None:
        tweets = await self._stage.draw(remark)
        if await self._store.remarks.move(
            remark.id, "waiting", "sending", text=tweets.texts[0], version=tweets.version
        ):
            await self._note(remark, await self._stage.send(remark, tweets))

    async def _settle(self, remark: Remark) -> None:
        now = self._clock()
        if remark.sending_at and now - remark.sending_at < SETTLE:
            return
        if message := await self._stage.find(remark):
            await self._note(remark, message)
        elif remark.schedule:
            await self._store.remarks.move(remark.id, "sending", "waiting")
        else:
            await self._store.remarks.move(remark.id, "sending", "failed", error="the process ended")

    async def _note(self, remark: Remark, message: str) -> None:
        """Note that a remark was said. Without a message it stays in doubt."""
        if message:
            await self._store.remarks.move(remark.id, "sending", "sent", message=message)

    async def _failed(self, remark: Remark, error: BotError | PipelineError) -> None:
        """Give a remark up if another try cannot help. Admins are told at most once a day for each schedule."""
        is_final = isinstance(error, CannotSpeak | NotAllowed | Usage)
        if not is_final and self._clock() - remark.created_at < GIVE_UP_AFTER:
            log.info("remark %d waits: %s", remark.id, type(error).__name__)
            return
        self._tries.pop(remark.id, None)
        if not await self._store.remarks.move(remark.id, "waiting", "failed", error=error.for_people):
            await self._store.remarks.move(remark.id, "sending", "failed", error=error.for_people)
        log.info("remark %d is given up: %s", remark.id, error)
        if remark.schedule:
            key = f"say:{remark.schedule}:{self._clock():%Y-%m-%d}"
            text = Phrase(
                "The schedule {schedule} could not speak. {why}", schedule=remark.schedule, why=error.for_people
            )
            await self._notice(key, text)


async def queue_remark(store: Store, schedule: Schedule, due: datetime) -> str:
    """The action "say" of a schedule: queue its remark. It may safely be repeated for one due time."""
    key = f"schedule:{schedule.name}:{due.isoformat()}"
    channel = str(schedule.options[CHANNEL])
    is_new = await store.remarks.schedule(key, schedule=schedule.name, channel=channel, voice=schedule.voice)
    return "queued" if is_new else "queued before"

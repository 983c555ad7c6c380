"""What changes without a command: archives in a watched folder, deletions at networks, people who were forgotten.

Knows when to look. Does not know how anything is read or learned.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.background.watched_folder import WatchedFolder
from bot.core.errors import BotError, told
from bot.core.process.ongoing import Ongoing
from bot.people.willing import Willing
from bot.store import Store
from bot.store.notices import SendNotice
from huggingtweets import sources
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadData, PipelineError, Usage, for_people
from huggingtweets.core.people.names import VoiceName, parse_handle
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.remote_sources import Collector
from huggingtweets.tweets.kept.tweet_store import TweetStore

log = logging.getLogger(__name__)

PERSON = "folder"  # in whose name the trainings of archives in the folder are queued
COMMAND_LINE = "command line"  # in whose name the bot forgets whom the command line has forgotten
HOURLY_SECONDS = 3_600.0
LATEST = timedelta(hours=24)  # a deletion at the source must be seen within this time
_IN_FOLDER = partial(Phrase, "In the folder: {error}")
_LATE = partial(
    Phrase, "For more than a day I could not see which tweets of {name} were deleted at their source. {why}"
)

Learn = Callable[[VoiceName], Awaitable[None]]


class Collecting(Ongoing):
    """An async context manager that looks again and again while it lasts. `learn` queues a training of a name.

    Whoever was forgotten by the command line is forgotten here, too: `unload` is called with the name, and `sweep`
    removes their posts from the queue.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        collector: Collector,
        learn: Learn,
        notice: SendNotice,
        clock: Callable[[], datetime],
        willing: Willing,
        sweep: Callable[[], Awaitable[object]] | None = None,
        unload: Callable[[str], None] | None = None,
    ):
        self._willing = willing
        self._sweep = sweep
        self._unload = unload
        self._settings = settings.collecting
        self._store = store
        self._collector = collector
        self._learn = learn
        self._notice = notice
        self._clock = clock
        self._tweets = TweetStore(settings.tweets)
        self._folder = WatchedFolder(self._settings.folder, settings.storage.data / "folder.json")

    async def _go_on(self) -> None:
        """Look into the folder and at who was forgotten often, and for deletions once an hour."""
        next_hour = 0.0
        loop = asyncio.get_running_loop()
        while True:
            often = [self.follow_consent, self.look_into_folder]
            for look in [*often, *([self.look_after_deletions] if loop.time() >= next_hour else [])]:
                try:
                    await look()
                except (PipelineError, BotError, OSError) as error:
                    log.warning("collecting: %s", error)
            if loop.time() >= next_hour:
                next_hour = loop.time() + HOURLY_SECONDS
            await asyncio.sleep(self._settings.folder_seconds)

    async def look_into_folder(self) -> None:
        """Collect every new archive in the folder, and queue a training of the person whose archive it is."""
        if not self._settings.watch_folder:
            return
        for path in await asyncio.to_thread(self._folder.ready):
            try:
                name = await asyncio.to_thread(self._collected, path)
                await self._learn(name)
            except (BadData, Usage, BotError) as error:
                await self._notice(f"folder {path.name} {path.stat().st_mtime_ns}", _IN_FOLDER(error=told(error)))
            await asyncio.to_thread(self._folder.done, path)

    async def look_after_deletions(self) -> None:
        """Drop the tweets that were deleted at their source. Only the names whose next look is due are looked at."""
        for name in await asyncio.to_thread(self._collector.due):
            failure: Exception | None = None
            try:
                dropped = await self._collector.check(name, due_only=True)
            except (PipelineError, BotError) as error:
                log.warning("deletions of %s cannot be looked for: %s", name, error)
                failure = error
            else:
                log.info("%d tweets of a voice were deleted at their source, and here", dropped)
            await self._tell_when_late(name, failure)

    def _collected(self, path: Path) -> VoiceName:
        """Put the tweets at `path` into the store. Returns whose they are, by the archive or else by its file name."""
        collected = sources.read(path)
        handle = collected.account.handle if collected.account else path.name.split(".")[0]
        name = parse_handle(handle.split(".")[0])
        log.info("the folder has %d new tweets of a voice", self._tweets.take_in(name, collected).new)
        return name

    async def _tell_when_late(self, name: str, failure: Exception | None) -> None:
        """Tell the admins if a look is late: a failure once a day, a budget that is too small once a month."""
        now = self._clock().astimezone(UTC)
        checked = (await asyncio.to_thread(self._tweets.looks.checked)).get(name, {})
        if not any(now - at > LATEST for at in checked.values()):
            return
        if failure:
            late = _LATE(name=name, why=for_people(failure))
            await self._notice(f"deletions {name} {now:%Y-%m-%d}", late)
        elif shortfall := await asyncio.to_thread(self._collector.shortfall):
            await self._notice(f"deletions budget {now:%Y-%m}", _LATE(name=name, why=shortfall))

    async def follow_consent(self) -> None:
        """Copy decisions both ways: who was forgotten by the command line to the database, opt-outs to the pipeline.

        Nothing has to wait for this, because both places are asked each time before somebody speaks or is learned.
        """
        await self._willing.tell_pipeline()
        forgotten = await asyncio.to_thread(self._tweets.forgotten)
        consent = self._store.consent
        for name in set(forgotten) - set(await consent.buried(*forgotten)):
            await self._store.forgetting.voice(name, COMMAND_LINE)
            if self._unload:
                self._unload(name)
        for name in set(await consent.buried_by(COMMAND_LINE)) - set(forgotten):
            await consent.unbury(name)
        if self._sweep:
            await self._sweep()

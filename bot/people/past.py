"""What members wrote before they joined, if they agree to that, too, and the operator has said why the bot may read it.

Nothing of other people is kept. A message of somebody else counts as what a member answered only if that person has
joined as well (see `listening`). Which messages are read is bounded: in their age, in how many of a member are kept,
and in how many are looked at to find them.

Knows pages of messages. Does not know platforms, or how a page is read.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.config import DiscordSettings
from bot.people.listening import HeardMessage, Listening, learnable
from bot.store import Clock, Store, utc_now
from bot.store.people.past_readings import PastReading
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

LOOKED_PER_KEPT = 20  # messages of everybody that are looked at for each message that may be kept
REMEMBERED = 10_000  # messages that were deleted or edited lately


@dataclass(frozen=True, slots=True)
class PastProgress:
    """How far a member has been read."""

    channels: int
    done: int
    looked: int
    kept: int

    @classmethod
    def of(cls, readings: Sequence[PastReading]) -> "PastProgress":
        return cls(
            len(readings),
            sum(one.done for one in readings),
            sum(one.looked for one in readings),
            sum(one.kept for one in readings),
        )

    @property
    def in_words(self) -> Phrase:
        return Phrase(
            "{done} of {count} channel read, {looked:,} messages looked at, {kept:,} of yours kept to learn from",
            plural="{done} of {count} channels read, {looked:,} messages looked at, {kept:,} of yours kept to learn "
            "from",
            done=self.done,
            count=self.channels,
            looked=self.looked,
            kept=self.kept,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of everybody in one channel, the newest first. `read_to` is the oldest that needs no second look.

    `last` says that there is no older message.
    """

    places: tuple[str, ...]
    messages: Sequence[HeardMessage]
    read_to: str
    last: bool


class PastMessages:
    """Reads members page by page. What is kept of a page is kept once, whenever the process dies."""

    def __init__(self, *, store: Store, listening: Listening, settings: DiscordSettings, clock: Clock = utc_now):
        self._store = store
        self._listening = listening
        self._settings = settings
        self._clock = clock
        self._changed: OrderedDict[str, str] = OrderedDict()

    @property
    def reason(self) -> str:
        """Why the operator may read what was written before. It is empty if they have not allowed it."""
        return self._settings.past_messages_reason.strip() if self._settings.past_messages else ""

    @property
    def oldest(self) -> datetime:
        """No message from before this is read."""
        return self._clock() - timedelta(days=self._settings.past_messages_days)

    @property
    def limits(self) -> Phrase:
        """What is read at most, in words."""
        settings = self._settings
        return Phrase(
            "at most {messages:,} messages of the last {days} days",
            messages=settings.past_messages_limit,
            days=settings.past_messages_days,
        )

    async def begin(self, server: str, person: str, channels: Sequence[str], read_to: str) -> PastProgress:
        """Note that what a member wrote in `channels` before the message `read_to` is to be read.

        Raises `Usage` if there is no channel, or if that is off.
        """
        if not self.reason:
            raise Usage(
                Phrase("Reading what was written before is switched off; only whoever runs me can switch it on.")
            )
        if not channels:
            raise Usage(Phrase("There is no channel here yet in which I may learn; an admin allows one."))
        await self._store.past_readings.begin(server, person, channels, read_to)
        await self._store.audit.add(person, "member.past", server=server, channels=len(channels))
        return await self.progress(server, person)

    async def progress(self, server: str, person: str) -> PastProgress:
        """How far a member has been read."""
        return PastProgress.of(await self._store.past_readings.of(server, person))

    async def left(self, server: str, person: str) -> list[PastReading]:
        """The channels in which a member still has to be read."""
        return [one for one in await self._store.past_readings.of(server, person) if not one.done]

    async def take(self, reading: PastReading, page: Page) -> bool:
        """Keep what is the member's own in a page. Returns False if the channel is done, or nobody wants it read."""
        may_learn = self.reason and await self._listening.is_allowed(reading.server, page.places)
        if not may_learn or await self._listening.has_opted_out(reading.person):
            await self.skip(reading)
            return False
        now = PastProgress.of(await self._store.past_readings.of(reading.server, reading.person))
        room = self._settings.past_messages_limit - now.kept
        rows = [row for row in self._own(reading.person, page.messages) if row][:room]
        looked = now.looked + len(page.messages)
        enough = len(rows) >= room or looked >= LOOKED_PER_KEPT * self._settings.past_messages_limit
        done = page.last or enough or any(one.written_at < self.oldest for one in page.messages)
        is_wanted = await self._store.past_readings.note(
            reading, rows, read_to=page.read_to, looked=len(page.messages), done=done
        )
        return is_wanted and not done

    def _own(self, person: str, messages: Iterable[HeardMessage]) -> list[dict[str, object] | None]:
        """What may be kept, as it reads now: a message may have changed since its page was read."""
        oldest = self.oldest
        own = (one for one in messages if one.person == person and one.written_at >= oldest)
        return [learnable(replace(one, text=self._changed.get(one.message, one.text))) for one in own]

    async def skip(self, reading: PastReading) -> None:
        """Read no more of a channel, which the bot may not read."""
        await self._store.past_readings.note(reading, [], read_to=reading.read_to, looked=0, done=True)

    async def end(self, server: str, person: str) -> None:
        """The member has been told that everything is read."""
        await self._store.past_readings.end(server, person)

    def was_deleted(self, message: str) -> bool:
        """Returns True if a message was deleted lately, where it was written."""
        return self._changed.get(message) == ""

    def changed(self, messages: Collection[str], text: str = "") -> None:
        """Messages read `text` now, where they were written. They are empty if they were deleted."""
        for message in messages:
            self._changed[message] = text
            self._changed.move_to_end(message)
        while len(self._changed) > REMEMBERED:
            self._changed.popitem(last=False)

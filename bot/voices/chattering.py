"""The use case "chatter": the bot says something by itself in channels where an admin wants that.

Knows the store, and what the pure rules of `bot.core.clock.chatter` need. Does not know platforms, or what is said.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.clock.chatter import Chatter, LastWord, silence, voted_down
from bot.store import Clock, Store, utc_now
from bot.store.voices.remarks import Remark
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.phrases import Phrase

CHATTER = "chatter"  # setting of a channel: how the bot speaks there by itself
_RANDOM = secrets.SystemRandom()


class Chattering:
    """Decides when something may be said. `draw` returns a random number from 0 up to 1."""

    def __init__(self, store: Store, *, clock: Clock = utc_now, draw: Callable[[], float] = _RANDOM.random):
        self._store = store
        self._clock = clock
        self._draw = draw
        self._channels: set[str] = set()
        self.last_word = LastWord()

    async def load(self) -> None:
        """Read in which channels it is switched on, so that messages in all others cost nothing."""
        self._channels = set(await self._store.settings.scopes_with(CHATTER))

    def is_on(self, channel: str) -> bool:
        """Returns False if nothing is said by itself in `channel`."""
        return channel in self._channels

    async def of(self, channel: str) -> Chatter | None:
        """Returns how the bot speaks by itself in `channel`, or None if it does not."""
        return Chatter.parsed(await self._store.settings.get(channel, CHATTER))

    async def switch_on(self, channel: str, by: str, **changes: object) -> Chatter:
        """Switch it on in `channel`, or change it. Raises `Usage` if one of `changes` makes no sense."""
        chatter = (await self.of(channel) or Chatter(self._clock())).changed(**changes)
        await self._store.settings.put(channel, CHATTER, chatter.as_stored, by)
        self._channels.add(channel)
        return chatter

    async def switch_off(self, channel: str) -> bool:
        """Say nothing by itself in `channel` any more. Returns True if it was on."""
        self._channels.discard(channel)
        return await self._store.settings.remove(channel, CHATTER)

    async def claim(self, message: str, *, server: str, channel: str, voice: BlendName) -> Remark | None:
        """Returns a new remark after a person's `message`, or None if nothing is to be said. Each message has one."""
        chatter = await self.of(channel)
        drawn, now = self._draw(), self._clock()
        # Most messages end here, before anything is written.
        if not chatter or silence(chatter, now, (), drawn):
            return None

        def may(remarks: Sequence[datetime]) -> bool:
            return not silence(chatter, now, remarks, drawn)

        return await self._store.remarks.claim(
            f"{CHATTER}:{message}", server=server, channel=channel, voice=voice, may=may
        )

    async def still_wanted(self, remark: Remark) -> bool:
        """Returns True unless chatter was switched off in its channel since the remark was claimed."""
        chatter = await self.of(remark.channel)
        return bool(chatter and chatter.since <= remark.created_at)

    async def voted(self, message: str, by: str) -> str:
        """Somebody has voted on `message`: stop if more people dislike what is said here by itself than like it.

        Returns a sentence for the person who has voted, which is empty if the vote decides nothing.
        """
        remark = await self._store.remarks.of_message(message)
        if not remark or remark.schedule or not (chatter := await self.of(remark.channel)):
            return Phrase()
        votes = await self._store.remarks.votes(remark.channel, chatter.since)
        if not voted_down(votes.up, votes.down):
            return Phrase("If more people give me 👎 than 👍, I stop speaking here by myself.")
        await self.switch_off(remark.channel)
        await self._store.audit.add(by, "chatter.voted_off", remark.channel, server=remark.server)
        return Phrase("I do not speak here by myself any more; an admin can switch that on again.")

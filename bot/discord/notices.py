"""Notices on their way to people: to the channel that asked, to the admins' channel, or to the owner in private.

Knows channels. Does not know what a notice is about, or when it is told again.
"""

import logging
from collections.abc import Callable, Iterable

import discord

from bot.access import GLOBAL
from bot.discord.answering import NOBODY
from bot.discord.house import NOTICES
from bot.discord.rendering import sentence
from bot.store.notices import Notice
from bot.store.settings import Settings
from bot.telling import Heard

log = logging.getLogger(__name__)

PLACE = "discord:channel:"
OWNER = "discord:owner"


class Notices:
    """Tells notices that are for a channel here, for the owners, or for the admins where an admin has said where."""

    def __init__(self, client: discord.Client, settings: Settings, owners: Callable[[], Iterable[int]]):
        self._client = client
        self._settings = settings
        self._owners = owners

    async def tell(self, notice: Notice) -> Heard:
        """Returns what came of it; raises what Discord raises."""
        if notice.place == OWNER:
            return await self._tell_owners(notice) if self._client.is_ready() else Heard.NOT_YET
        place = notice.place or await self._settings.get(GLOBAL, NOTICES) or ""
        if not place.startswith(PLACE):
            return Heard.NOT_MINE
        if not self._client.is_ready():
            return Heard.NOT_YET
        channel = self._client.get_partial_messageable(int(place.removeprefix(PLACE)))
        await channel.send(sentence(notice.text), allowed_mentions=NOBODY)
        return Heard.TOLD

    async def _tell_owners(self, notice: Notice) -> Heard:
        """A direct message to each owner. The log gets what no owner can be told."""
        told = False
        for owner in sorted(self._owners()):
            try:
                user = await self._client.fetch_user(owner)
                await user.send(sentence(notice.text), allowed_mentions=NOBODY)
                told = True
            except (discord.Forbidden, discord.NotFound) as error:
                log.info("the owner %d takes no direct message: %s", owner, error)
        return Heard.TOLD if told else Heard.NOT_MINE

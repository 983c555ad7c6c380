"""Notices on their way to people: to the channel that asked, to the admins' channel, or to the owner.

Knows channels. Does not know what a notice is about, or when it is told again.
"""

import discord

from bot.access import GLOBAL
from bot.discord.answering import NOBODY
from bot.discord.house import NOTICES
from bot.discord.rendering import sentence
from bot.store.notices import Notice
from bot.store.settings import Settings
from bot.telling import Heard

PLACE = "discord:channel:"


class Notices:
    """Tells notices that are for a channel here, or for the admins where an admin has said in which channel."""

    def __init__(self, client: discord.Client, settings: Settings):
        self._client = client
        self._settings = settings

    async def tell(self, notice: Notice) -> Heard:
        """Whether it was told here; raises what Discord raises."""
        place = notice.place or await self._settings.get(GLOBAL, NOTICES) or ""
        if not place.startswith(PLACE):
            return Heard.NOT_MINE
        if not self._client.is_ready():
            return Heard.NOT_YET
        channel = self._client.get_partial_messageable(int(place.removeprefix(PLACE)))
        await channel.send(sentence(notice.text), allowed_mentions=NOBODY)
        return Heard.TOLD

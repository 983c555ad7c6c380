"""Tells notices: in the channel that asked, to one person, in the admins' channel, or to the owners.

Knows channels. Does not know what a notice is about, or when it is told again.
"""

import logging
from collections.abc import Callable, Iterable

import discord

from bot.background.telling import Delivery
from bot.discord.asking.channel_settings import NOTICES
from bot.discord.asking.once import NOBODY, new_nonce
from bot.discord.look.rendering import sentence
from bot.discord.look.translating import ENGLISH, of_server
from bot.people.access import GLOBAL
from bot.store.notices import Notice
from bot.store.settings import StoredSettings

log = logging.getLogger(__name__)

PLACE = "discord:channel:"
OWNER = "discord:owner"
USER = "discord:user:"


class DiscordNotices:
    """Tells notices for a channel, a person or the owners. Those for admins go to the channel that an admin chose."""

    def __init__(self, client: discord.Client, settings: StoredSettings, owners: Callable[[], Iterable[int]]):
        self._client = client
        self._settings = settings
        self._owners = owners

    async def tell(self, notice: Notice) -> Delivery:
        """Returns what came of it. Raises what discord.py raises."""
        if notice.place == OWNER:
            return await self._tell_owners(notice) if self._client.is_ready() else Delivery.NOT_YET
        place = notice.place or await self._settings.get(GLOBAL, NOTICES) or ""
        if not place.startswith((PLACE, USER)):
            return Delivery.NOT_MINE
        if not self._client.is_ready():
            return Delivery.NOT_YET
        if place.startswith(USER):
            await self._tell_person(int(place.removeprefix(USER)), notice)
            return Delivery.TOLD
        channel = self._client.get_partial_messageable(int(place.removeprefix(PLACE)))
        guild = getattr(self._client.get_channel(channel.id), "guild", None)
        await channel.send(sentence(notice.words, of_server(guild)), allowed_mentions=NOBODY, nonce=new_nonce())
        return Delivery.TOLD

    async def _tell_owners(self, notice: Notice) -> Delivery:
        """Send a direct message to each owner. If none can be told, the log gets the notice."""
        told = [await self._tell_person(owner, notice) for owner in sorted(self._owners())]
        return Delivery.TOLD if any(told) else Delivery.NOT_MINE

    async def _tell_person(self, person: int, notice: Notice) -> bool:
        """Send a direct message. Returns True if it was taken."""
        try:
            user = await self._client.fetch_user(person)
            await user.send(sentence(notice.words, ENGLISH), allowed_mentions=NOBODY, nonce=new_nonce())
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("notice %s: %d takes no direct message: %s", notice.id, person, error)
            return False
        return True

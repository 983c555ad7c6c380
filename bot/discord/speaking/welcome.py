"""What the bot says, once, when it comes to a server: what it is, and the next three steps.

Knows channels and who may do what. Does not know what the commands do.
"""

import logging
from datetime import timedelta

import discord

from bot.core.errors import KeptOut
from bot.discord.asking.gate import channel_id, server_id, where
from bot.discord.asking.once import NOBODY, new_nonce
from bot.discord.look.translating import of_server
from bot.people.access import Access
from bot.people.home import Home
from bot.store.settings import StoredSettings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

WELCOMED = "welcomed"  # setting of a server: the channel that was welcomed
NEW = timedelta(days=1)  # a server that the bot joined earlier than this knows it already
HELLO = Phrase(
    "Hello! I write made-up tweets in the voices of people who let me, always marked as AI. The next three steps:"
)
TRY = Phrase("**1.** Try it: `/models` lists the voices I know, and `/tweetlike` writes in one of them.")
HOME_TEACHES = Phrase("**2.** Teach me a voice: who may manage this server sends an archive of tweets with `/train`.")
OTHERS_ASK = Phrase(
    "**2.** Meet your own voice: `/link` says which one is yours. New voices are taught on my home server."
)
WHERE = Phrase(
    "**3.** Decide where I answer: `/allow`, `/deny` and `/settings`. Everybody decides about themselves: `/privacy`."
)


class Welcome:
    """Says hello on servers that are new."""

    def __init__(self, client: discord.Client, *, settings: StoredSettings, access: Access, home: Home):
        self._client = client
        self._settings = settings
        self._access = access
        self._home = home

    async def greet(self, guild: discord.Guild) -> None:
        """Say hello on `guild`, unless that was done before or the bot joined long ago."""
        joined = guild.me.joined_at if guild.me else None
        if guild.unavailable or not joined or discord.utils.utcnow() - joined > NEW:
            return
        try:
            channel = await self._channel(guild)
            if not channel:
                log.info("no channel of server %d may be written to, so it is not welcomed", guild.id)
            elif await self._settings.put_first(server_id(guild.id), WELCOMED, channel_id(channel.id), "bot"):
                await channel.send(of_server(guild).say(self._text(guild)), allowed_mentions=NOBODY, nonce=new_nonce())
        except (discord.HTTPException, PipelineError) as error:
            log.warning("server %d is not welcomed: %s", guild.id, error)

    def _text(self, guild: discord.Guild) -> Phrase:
        second = HOME_TEACHES if server_id(guild.id) in self._home.servers else OTHERS_ASK
        return Phrase.joined("\n", (HELLO, TRY, second, WHERE))

    async def _channel(self, guild: discord.Guild) -> discord.TextChannel | None:
        """Returns the server's channel for news, or the first one where the bot may write and no list keeps it out."""
        first = [guild.system_channel] if guild.system_channel else []
        for channel in [*first, *guild.text_channels]:
            rights = channel.permissions_for(guild.me)
            if rights.view_channel and rights.send_messages and await self._is_let_in(guild, channel):
                return channel
        return None

    async def _is_let_in(self, guild: discord.Guild, channel: discord.TextChannel) -> bool:
        try:
            await self._access.refuse(where(guild.id, channel, guild.me))
        except KeptOut:
            return False
        return True

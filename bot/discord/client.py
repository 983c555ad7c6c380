"""The bot's side of Discord, put together: what it asks to hear, what it answers with, and how it ends.

    async with DiscordBot(settings=..., tweeting=..., commands_file=..., stop_seconds=10) as bot:
        await stay_connected(bot, settings)

Knows its parts. Does not know what they say, or how tweets are made.
"""

import logging
from pathlib import Path

import discord

from bot.config import Discord
from bot.discord.answering import NOBODY
from bot.discord.asks import Asks
from bot.discord.connection import use_endpoints
from bot.discord.mentions import Mentions
from bot.discord.models import models
from bot.discord.tree import Tree
from bot.discord.tweets import tweetlike
from bot.tweeting import Tweeting

log = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """What the bot must hear, and no more. None of these needs Discord's approval."""
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


class DiscordBot(discord.Client):
    """Answers commands, mentions and replies with what `tweeting` writes.

    `commands_file` remembers which commands Discord knows. Closing it lets answers under way finish for `stop_seconds`.
    """

    def __init__(self, *, settings: Discord, tweeting: Tweeting, commands_file: Path, stop_seconds: float):
        use_endpoints(settings)
        super().__init__(intents=intents(), allowed_mentions=NOBODY, max_messages=None)
        self._asks = Asks()
        self._mentions = Mentions(tweeting=tweeting, asks=self._asks)
        self._commands_file = commands_file
        self._stop_seconds = stop_seconds
        self.tree = Tree(self, asks=self._asks)
        self.tree.add_command(tweetlike(tweeting))
        self.tree.add_command(models(tweeting))

    async def setup_hook(self) -> None:
        try:
            await self.tree.sync_if_changed(self._commands_file)
        except discord.HTTPException as error:
            if error.status >= 500:
                raise  # Discord is ill: the next log-in tries again
            log.exception("the commands could not be registered; mentions work")

    async def on_ready(self) -> None:
        assert self.user
        log.info("connected to Discord as %s (%s), in %d servers", self.user.name, self.user.id, len(self.guilds))

    async def on_message(self, message: discord.Message) -> None:
        assert self.user
        await self._mentions.answer(message, self.user)

    async def close(self) -> None:
        """Let answers under way finish, telling everybody else to come back, then close the connection."""
        await self._asks.finish(self._stop_seconds)
        await super().close()

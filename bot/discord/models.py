"""/models: the voices there are.

Knows the command. Does not know how versions come to be, or how they are shown.
"""

from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import answer
from bot.discord.rendering import model_pages
from bot.tweeting import Tweeting


def models(tweeting: Tweeting) -> app_commands.Command[Any, ..., None]:
    """The command. Its answer may be long, so only who asked sees it."""

    @app_commands.command(name="models", description="The voices I know, and which version of each is in use")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        await answer(interaction, model_pages(await tweeting.models()), ephemeral=True)

    return command

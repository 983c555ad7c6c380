"""/models: the voices there are. /voice: one of them, how good it is, and what people think of it.

Knows the commands. Does not know how versions come to be, or how they are shown.
"""

import io
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import Interaction, answer
from bot.discord.commands.tweets import Choices, voice_named, voices
from bot.discord.gate import server_id
from bot.discord.parts import Parts
from bot.discord.rendering import model_pages, voice_page
from huggingtweets.core.errors import PipelineError
from huggingtweets.generation.writer import Tweets


def models(parts: Parts) -> app_commands.Command[Any, ..., None]:
    """The command. Its answer may be long, so only who asked sees it."""

    @app_commands.command(name="models", description="The voices I know, and which version of each is in use")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        await answer(
            interaction, model_pages(await parts.tweeting.models(server_id(interaction.guild_id))), ephemeral=True
        )

    return command


def voice(parts: Parts) -> app_commands.Command[Any, ..., None]:
    """A voice's profile."""

    @app_commands.command(name="voice", description="How well I know a voice, and what people think of it")
    @app_commands.describe(name="which voice; type a part of it")
    async def command(interaction: discord.Interaction[discord.Client], name: str) -> None:
        await interaction.response.defer()
        wanted = await voice_named(parts, name, interaction.guild_id)
        version = await parts.tweeting.version(wanted, server_id(interaction.guild_id))
        tally = await parts.store.feedback.tally(version.name)
        score = await parts.store.rounds.score(version.name)
        embed, file = voice_page(version, tally, score), None
        samples = tuple(map(str, version.manifest.get("samples", ())))
        if samples:
            try:
                picture = await parts.tweeting.picture(Tweets(samples, version.name, version.version, 0))
            except PipelineError:
                picture = None  # the figures are worth showing without it
            if picture:
                file = discord.File(io.BytesIO(picture), "predictions.png")
                embed.set_image(url="attachment://predictions.png")
        await answer(interaction, [embed], file=file)

    @command.autocomplete("name")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        return await voices(parts.tweeting, typed, interaction.guild_id)

    return command

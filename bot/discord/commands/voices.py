"""/models lists the voices. /voice shows one of them: how good it is, and what people think of it.

Knows the commands. Does not know how versions come to be, or how they are shown.
"""

import io

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command
from bot.discord.asking.answering import Interaction, answer
from bot.discord.asking.gate import server_id
from bot.discord.asking.naming import voice_named
from bot.discord.commands.family import Family
from bot.discord.look.rendering import model_pages, voice_page
from bot.discord.look.translating import of_answer
from bot.people.limits import PICTURE
from huggingtweets.core.errors import PipelineError
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.version import Version


class VoiceCommands(Family):
    """What there is, and how good it is."""

    # The answer may be long, so only whoever asked sees it.
    @command("models", "The voices I know, and which version of each is in use", everywhere=True)
    async def models(self, interaction: Interaction) -> None:
        versions = await self.parts.tweeting.models(server_id(interaction.guild_id))
        pages = model_pages(versions, of_answer(interaction, private=True))
        await answer(interaction, pages, ephemeral=True)

    @command(
        "voice",
        "How well I know a voice, and what people think of it",
        shown=Shown.PUBLICLY,
        cost=PICTURE,
        everywhere=True,
    )
    @app_commands.describe(name="which voice; type a part of it")
    async def voice(self, interaction: Interaction, name: str) -> None:
        name = await voice_named(self.parts, name, interaction.guild_id)
        version = await self.parts.tweeting.version(name, server_id(interaction.guild_id))
        tally = await self.parts.store.feedback.tally(version.name)
        score = await self.parts.store.rounds.score(version.name)
        response = await self.parts.store.engagement.of(version.name)
        embed = voice_page(version, tally, score, response, of_answer(interaction, private=False))
        file = await self._picture(version)
        if file:
            embed.set_image(url=f"attachment://{file.filename}")
        await answer(interaction, [embed], file=file)

    voice.autocomplete("name")(Family.voices)

    async def _picture(self, version: Version) -> discord.File | None:
        """Some of its tweets as a picture. The figures are worth showing without one."""
        samples = version.manifest.samples
        if not samples:
            return None
        try:
            picture = await self.parts.tweeting.picture(Tweets(samples, version.name, version.version, 0))
        except PipelineError:
            return None
        return discord.File(io.BytesIO(picture), "predictions.png") if picture else None

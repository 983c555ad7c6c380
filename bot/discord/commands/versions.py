"""/promote and /rollback: which version of a voice is in use, for home admins.

Knows the commands. Does not know what a version is.
"""

from discord import app_commands

from bot.discord.asking.acts import Shown, command, suggested_to
from bot.discord.asking.answering import Interaction, person
from bot.discord.asking.gate import Who
from bot.discord.asking.naming import Choices, choices
from bot.discord.asking.once import send
from bot.discord.commands.family import Family
from bot.discord.look.rendering import sentence
from bot.discord.look.translating import of_answer
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase


class VersionCommands(Family):
    """Everybody sees which version is in use now."""

    @command(
        "promote",
        "Put another version of a voice in use",
        may=Who.HOME_ADMINS,
        shown=Shown.PUBLICLY,
        on_servers_only=True,
    )
    @app_commands.describe(name="which voice", version="which version, such as v3")
    async def promote(self, interaction: Interaction, name: str, version: str) -> None:
        promoted = await self.parts.versions.promote(VoiceName.parse(name), version, person(interaction.user))
        await _tell_all(
            interaction, Phrase("{name} {version} is in use.", name=promoted.name, version=promoted.version)
        )

    promote.autocomplete("name")(Family.all_voices)

    @promote.autocomplete("version")
    @suggested_to(Who.HOME_ADMINS)
    async def versions(self, interaction: Interaction, typed: str) -> Choices:
        name = str(interaction.namespace.name or "")
        return choices(await self.parts.versions.of(VoiceName.parse(name)), typed) if name else []

    @command(
        "rollback",
        "Go back to the version that was in use before",
        may=Who.HOME_ADMINS,
        shown=Shown.PUBLICLY,
        on_servers_only=True,
    )
    @app_commands.describe(name="which voice")
    async def rollback(self, interaction: Interaction, name: str) -> None:
        promoted = await self.parts.versions.rollback(VoiceName.parse(name), person(interaction.user))
        await _tell_all(
            interaction, Phrase("{name} {version} is in use again.", name=promoted.name, version=promoted.version)
        )

    rollback.autocomplete("name")(Family.all_voices)


async def _tell_all(interaction: Interaction, text: Phrase) -> None:
    content = sentence(text, of_answer(interaction, private=False))
    await send(interaction, private=False, content=content)

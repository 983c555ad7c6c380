"""/deletevoice and /unpause: what admins of the home server may end. A deletion asks first.

Knows the commands and the question. Does not know how a voice is deleted, or what a pause keeps from happening.
"""

import re
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import Interaction, only_shown, person, tell
from bot.discord.buttons import TweetButtons
from bot.discord.commands.tweets import Choices
from bot.discord.gate import Gate
from bot.discord.parts import Parts
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import parse_name
from huggingtweets.core.near import did_you_mean

Command = app_commands.Command[Any, ..., None]

MAX_IN_A_BUTTON = 80  # characters of a name; a button's id has 100
admins = app_commands.default_permissions(manage_guild=True)


def delete_voice(parts: Parts, gate: Gate) -> Command:
    @app_commands.command(name="deletevoice", description="Delete a voice, with its tweets and models; I ask first")
    @app_commands.describe(name="which voice; type a part of it")
    @admins
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client], name: str) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        voice = parse_name(name)
        names = await parts.consenting.deleted_with(voice)
        if not names:
            known = await parts.versions.names()
            raise Usage(f"I know no voice called {voice}. {did_you_mean(voice, known)}".rstrip())
        if len(voice) > MAX_IN_A_BUTTON:
            raise Usage("This name is too long for a button; whoever runs me can delete it.")
        question = discord.ui.View(timeout=None)
        question.add_item(Deletion("yes", voice))
        question.add_item(Deletion("no", voice))
        others = [one for one in names if one != voice]
        also = f" The same person is in {', '.join(others)}, so that goes, too." if others else ""
        text = f"This deletes {voice} with all its tweets and versions.{also} It cannot be undone. Shall I?"
        await tell(interaction, text, view=only_shown(question))

    @command.autocomplete("name")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        wanted = typed.strip().removeprefix("@").lower()
        names = await parts.versions.names() if gate.is_home_admin(interaction) else []
        fitting = [name for name in names if wanted in name and len(name) <= 100]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:25]]

    return command


class Deletion(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"voice:delete:(?P<word>yes|no):(?P<voice>[a-z0-9_.-]+)"
):
    """An admin's answer to the question. It is sent privately, but who clicks is asked for again."""

    def __init__(self, word: str, voice: str):
        label = "Delete the voice" if word == "yes" else "Keep it"
        style = discord.ButtonStyle.danger if word == "yes" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"voice:delete:{word}:{voice}"))
        self.word, self.voice = word, voice

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Deletion":
        return cls(match["word"], match["voice"])

    async def callback(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        await buttons.answered(interaction, self._answer)

    async def _answer(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        buttons.gate.refuse_others_than_home_admins(interaction)
        if self.word == "no":
            await interaction.response.edit_message(content="Nothing was deleted.", view=None)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        deleted = await buttons.parts.consenting.delete_voice(self.voice, by=person(interaction.user))
        names = deleted.voices
        gone = f"{', '.join(names)} is no more" if len(names) == 1 else f"{', '.join(names)} are no more"
        again = "It may be learned again with /train." if deleted.learnable else "Who opted out is not learned again."
        await tell(interaction, f"{gone}. {again}")


def unpause(parts: Parts, gate: Gate) -> Command:
    @app_commands.command(name="unpause", description="Answer somebody again whom I take a break from")
    @app_commands.describe(member="who asked too often")
    @admins
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client], member: discord.User) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        if not await parts.store.pauses.resume(person(member)):
            raise Usage(f"I take no break from {member.name}, so there is nothing to end.")
        await parts.store.audit.add(person(interaction.user), "pause.end", person(member))
        await tell(interaction, f"I answer {member.name} again.")

    return command

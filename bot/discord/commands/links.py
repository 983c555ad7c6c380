"""/link and /unlink: which voice is whose. A member claims one, an admin decides, and both sides hear of it.

Knows the commands, the buttons below a claim, and who is told. Does not know what a link leads to.
"""

import re
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.buttons import TweetButtons
from bot.discord.commands.administration import NOTICES
from bot.discord.gate import Gate, server_id
from bot.discord.notices import OWNER, USER
from bot.discord.parts import Parts
from bot.people.access import GLOBAL
from bot.store import utc_now
from huggingtweets.core.errors import Usage

Command = app_commands.Command[Any, ..., None]


def link(parts: Parts) -> Command:
    @app_commands.command(name="link", description="Say which voice is yours; an admin confirms it")
    @app_commands.describe(voice="the handle; leave it out to see which voice is linked to you")
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client], voice: str = "") -> None:
        server, me = server_id(interaction.guild_id), person(interaction.user)
        if not voice:
            await interaction.response.defer(ephemeral=True)
            await tell(interaction, await _standing(parts, server, me))
            return
        await interaction.response.defer()
        handle = await parts.consenting.claim(server, me, voice)
        view = discord.ui.View(timeout=None)
        view.add_item(Verdict("yes", interaction.user.id, handle))
        view.add_item(Verdict("no", interaction.user.id, handle))
        text = f"{interaction.user.mention} says that the voice {handle} is theirs. An admin decides."
        await interaction.followup.send(text, view=only_shown(view), allowed_mentions=NOBODY)
        channel = getattr(interaction.channel, "name", "that channel")
        told = (
            f"{interaction.user.name} says that the voice {handle} is theirs. "
            f"Confirm or refuse that below their claim in #{channel}."
        )
        place = "" if await parts.store.settings.get(GLOBAL, NOTICES) else OWNER
        await parts.consenting.announce(server, me, handle, told, place)

    return command


async def _standing(parts: Parts, server: str, me: str) -> str:
    known = await parts.consenting.link(server, me)
    if not known:
        return "No voice is linked to you. /link with a handle claims one."
    if known.state == "pending":
        return f"You have claimed the voice {known.voice}, and an admin is still to decide. /unlink takes that back."
    return f"The voice {known.voice} is linked to you. /unlink ends that."


def unlink(parts: Parts) -> Command:
    @app_commands.command(name="unlink", description="End the link between you and your voice, or take a claim back")
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        ended = await parts.consenting.unlink(server_id(interaction.guild_id), person(interaction.user))
        await tell(interaction, "No voice is linked to you any more." if ended else "No voice was linked to you.")

    return command


class Verdict(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"link:(?P<word>yes|no):(?P<user>\d+):(?P<voice>[a-z0-9_]+)",
):
    """An admin's word on a claim."""

    def __init__(self, word: str, user: int, voice: str):
        label, style = (
            ("Confirm", discord.ButtonStyle.success) if word == "yes" else ("Refuse", discord.ButtonStyle.danger)
        )
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"link:{word}:{user}:{voice}"))
        self.confirmed, self.user, self.voice = word == "yes", user, voice

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Verdict":
        return cls(match["word"], int(match["user"]), match["voice"])

    async def callback(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        await buttons.answered(interaction, self._decide)

    async def _decide(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        gate: Gate = buttons.gate
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer()
        parts, server, claimant = buttons.parts, server_id(interaction.guild_id), f"discord:{self.user}"
        by = person(interaction.user)
        if not await parts.consenting.decide(server, claimant, self.voice, by=by, confirmed=self.confirmed):
            raise Usage("There is no such claim any more.")
        said = f"belongs to <@{self.user}>" if self.confirmed else f"is not linked to <@{self.user}>"
        await interaction.edit_original_response(
            content=f"The voice {self.voice} {said}, says {interaction.user.mention}.",
            view=None,
            allowed_mentions=NOBODY,
        )
        verdict = (
            "confirmed that the voice {} is yours" if self.confirmed else "did not confirm that the voice {} is yours"
        )
        guild = f" on {interaction.guild.name}" if interaction.guild else ""
        key = f"claim:{server}:{claimant}:{self.voice}:decided:{utc_now().isoformat()}"
        await parts.store.notices.add(key, f"An admin{guild} {verdict.format(self.voice)}.", f"{USER}{self.user}")

"""/join and /leave: members who let the bot learn from what they write, and who take that back.

Both ask first: what the question says is what is done. They work for everybody, also for who is paused.

Knows the commands and their confirmations. Does not know what is kept, or how a voice is learned.
"""

from typing import Any

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.gate import server_id
from bot.discord.own import Own
from bot.discord.parts import Parts
from bot.people.listening import CHANNELS

Command = app_commands.Command[Any, ..., None]

QUESTION = """\
If you click, I keep the messages that you write from now on in these channels of this server: {channels}. A voice is \
learned from them. {heard} What you edit or delete, I edit or delete. /leave ends it and deletes messages, voice and \
models. Nobody else is read."""
HERE = """\
Everybody on this server may ask for tweets in it. It is not heard on other servers, in direct messages or in posts."""
EVERYWHERE = """\
Everybody may ask for tweets in it: on every server where I am, in direct messages, on my owner's page and in posts. \
/join without `everywhere` takes that back."""


def join(parts: Parts, asks: Asks) -> Command:
    @app_commands.command(name="join", description="Let me learn from what you write on this server")
    @app_commands.describe(everywhere="your voice is also heard outside of this server")
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client], everywhere: bool = False) -> None:
        await interaction.response.defer(ephemeral=True)
        allowed = await parts.store.settings.get(server_id(interaction.guild_id), CHANNELS)
        channels = (
            ", ".join(f"<#{one.rpartition(':')[2]}>" for one in allowed or ()) or "none yet; an admin allows them"
        )
        text = QUESTION.format(channels=channels, heard=EVERYWHERE if everywhere else HERE)
        view = JoinButtons(parts=parts, asks=asks)
        view.remove_item(view.here if everywhere else view.everywhere)
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY, view=only_shown(view))

    return command


class JoinButtons(Own):
    """The click that it takes. Which button it is says where the voice is heard."""

    @discord.ui.button(label="Learn from what I write", custom_id="join:yes", style=discord.ButtonStyle.primary)
    async def here(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=False)

    @discord.ui.button(
        label="Learn from what I write, heard everywhere",
        custom_id="join:everywhere",
        style=discord.ButtonStyle.primary,
    )
    async def everywhere(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=True)

    async def _join(self, interaction: Interaction, *, everywhere: bool) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        me = person(interaction.user)
        if await self.parts.consenting.opted_out(me):
            raise NotAllowed("You have opted out; say /optin first if you have changed your mind.")
        server = server_id(interaction.guild_id)
        known = await self.parts.store.members.get(server, me)
        voice = await self.parts.listening.join(server, me, interaction.user.name, everywhere=everywhere)
        where = "everywhere" if everywhere else "on this server only"
        teaches = "" if known else "; an admin teaches it with /retrain"
        await tell(interaction, f"Thank you. Your voice is called {voice} and is heard {where}{teaches}.")


def leave(parts: Parts, asks: Asks) -> Command:
    @app_commands.command(name="leave", description="Take /join back: your messages, voice and models are deleted")
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        voice, count = await parts.listening.about_to_leave(server_id(interaction.guild_id), person(interaction.user))
        text = (
            f"This deletes {_messages(count)} of yours from this server, your voice {voice} and its models. "
            "It cannot be undone. Shall I?"
        )
        await tell(interaction, text, view=only_shown(LeaveButtons(parts=parts, asks=asks)))

    return command


class LeaveButtons(Own):
    """Shall I?"""

    @discord.ui.button(label="Leave and delete", custom_id="leave:yes", style=discord.ButtonStyle.danger)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        count = await self.parts.listening.leave(server_id(interaction.guild_id), person(interaction.user))
        await tell(interaction, f"{_messages(count).capitalize()} and everything learned from them are deleted.")

    @discord.ui.button(label="Stay", custom_id="leave:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"

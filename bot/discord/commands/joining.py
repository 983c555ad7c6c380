"""/join and /leave: members who let the bot learn from what they write, and who take that back.

Both ask first, and the question says what will be done. /leave works for everybody, also for people who are paused.

Knows the commands and their confirmations. Does not know what is kept, or how a voice is learned.
"""

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.acts import Shown, command, deferred
from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.clicks import OwnClicks
from bot.discord.commands.family import Family
from bot.discord.gate import Gate, server_id
from bot.discord.parts import Parts
from bot.people.listening import CHANNELS

QUESTION = """\
If you click, I keep the messages that you write from now on in these channels of this server: {channels}. A voice is \
learned from them. {heard} What you edit or delete, I edit or delete. /leave ends it and deletes messages, voice and \
models. Nobody else is read."""
HERE = """\
Everybody on this server may ask for tweets in it. It is not heard on other servers, in direct messages or in posts."""
EVERYWHERE = """\
Everybody may ask for tweets in it: on every server where I am, in direct messages, on my owner's page and in posts. \
/join without `everywhere` takes that back."""


class Joining(Family):
    """/join, which is there only where the bot may learn from members."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts, gate)
        self._asks = asks

    @command("join", "Let me learn from what you write on this server", on_servers_only=True)
    @app_commands.describe(everywhere="your voice is also heard outside of this server")
    async def join(self, interaction: Interaction, everywhere: bool = False) -> None:
        allowed = await self.parts.store.settings.get(server_id(interaction.guild_id), CHANNELS)
        channels = ", ".join(f"<#{channel.rpartition(':')[2]}>" for channel in allowed or ())
        text = QUESTION.format(
            channels=channels or "none yet; an admin allows them", heard=EVERYWHERE if everywhere else HERE
        )
        view = JoinButtons(parts=self.parts, asks=self._asks)
        view.remove_item(view.here if everywhere else view.everywhere)
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY, view=only_shown(view))


class JoinButtons(OwnClicks):
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

    @deferred(Shown.PRIVATELY)
    async def _join(self, interaction: Interaction, *, everywhere: bool) -> None:
        me = person(interaction.user)
        if await self.parts.consenting.opted_out(me):
            raise NotAllowed("You have opted out; say /optin first if you have changed your mind.")
        server = server_id(interaction.guild_id)
        has_joined = await self.parts.store.members.get(server, me)
        voice = await self.parts.listening.join(server, me, interaction.user.name, everywhere=everywhere)
        where = "everywhere" if everywhere else "on this server only"
        teaches = "" if has_joined else "; an admin teaches it with /retrain"
        await tell(interaction, f"Thank you. Your voice is called {voice} and is heard {where}{teaches}.")


class Leaving(Family):
    """/leave, which is always there."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts, gate)
        self._asks = asks

    @command(
        "leave",
        "Take /join back: your messages, voice and models are deleted",
        on_servers_only=True,
        always=True,
        cost=0.0,
    )
    async def leave(self, interaction: Interaction) -> None:
        here, me = server_id(interaction.guild_id), person(interaction.user)
        voice, count = await self.parts.listening.about_to_leave(here, me)
        text = (
            f"This deletes {_messages(count)} of yours from this server, your voice {voice} and its models. "
            "It cannot be undone. Shall I?"
        )
        await tell(interaction, text, view=only_shown(LeaveButtons(parts=self.parts, asks=self._asks)))


class LeaveButtons(OwnClicks):
    """Shall I?"""

    @discord.ui.button(label="Leave and delete", custom_id="leave:yes", style=discord.ButtonStyle.danger)
    @deferred(Shown.PRIVATELY)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        count = await self.parts.listening.leave(server_id(interaction.guild_id), person(interaction.user))
        await tell(interaction, f"{_messages(count).capitalize()} and everything learned from them are deleted.")

    @discord.ui.button(label="Stay", custom_id="leave:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"

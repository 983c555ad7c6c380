"""/help: what the person who asks may do where they are, and how the bot is invited.

Knows the command tree, and what each command says of itself. Does not know what any of them does.
"""

from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import KeptOut, Paused
from bot.discord.acts import ALWAYS, MAY, command
from bot.discord.answering import Interaction, answer, only_by_its_user
from bot.discord.commands.family import Family
from bot.discord.gate import Gate, Who
from bot.discord.parts import Parts
from bot.discord.rendering import as_written, pages

RIGHTS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    manage_webhooks=True,
)
PRIVATELY_INVITED = "Only whoever runs me can invite me to a server."
Leaf = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu


class HelpCommand(Family):
    """The command."""

    def __init__(self, client: discord.Client, parts: Parts, gate: Gate, tree: app_commands.CommandTree[Any]):
        super().__init__(parts, gate)
        self._client = client
        self._tree = tree

    @command("help", "What you may do here, and how to invite me", always=True, everywhere=True)
    async def help(self, interaction: Interaction) -> None:
        begin, only_always = "", False
        try:
            await self.gate.admit_interaction(interaction)
        except (KeptOut, Paused) as error:
            begin, only_always = f"{error} This is left to you:", True
        lines = [
            await self._line(interaction, leaf)
            for leaf in self._leaves()
            if self._may(interaction, leaf) and (leaf.extras[ALWAYS] or not only_always)
        ]
        embeds = [discord.Embed(title="What you may do here", description=page) for page in pages(lines, "\n")]
        embeds[-1].add_field(name="Invite me", value=self._invitation(), inline=False)
        await answer(interaction, embeds, ephemeral=True, note=begin)

    def _leaves(self) -> Iterator[Leaf]:
        commands = self._tree.walk_commands(type=discord.AppCommandType.chat_input)
        leaves = [one for one in commands if isinstance(one, app_commands.Command)]
        yield from sorted(leaves, key=lambda one: one.qualified_name)
        yield from self._tree.get_commands(type=discord.AppCommandType.message)
        yield from self._tree.get_commands(type=discord.AppCommandType.user)

    def _may(self, interaction: Interaction, leaf: Leaf) -> bool:
        """Returns True if Discord offers the command here, and it is for this person."""
        root = leaf if isinstance(leaf, app_commands.ContextMenu) else leaf.root_parent or leaf
        contexts, installs = root.allowed_contexts, root.allowed_installs
        if not interaction.guild_id and (not contexts or not contexts.dm_channel):
            return False
        if only_by_its_user(interaction) and not (installs and installs.user):
            return False
        return self.gate.lets(Who[leaf.extras[MAY]], interaction)

    async def _line(self, interaction: Interaction, leaf: Leaf) -> str:
        if isinstance(leaf, app_commands.ContextMenu):
            of = "a message" if leaf.type is discord.AppCommandType.message else "a member"
            return f"Right-click {of}, Apps, **{as_written(leaf.name)}**"
        return f"`/{leaf.qualified_name}` {as_written(leaf.description)}"

    def _invitation(self) -> str:
        number, application = self._client.application_id, self._client.application
        assert number
        for_people = discord.utils.oauth_url(number, scopes=("applications.commands",)) + "&integration_type=1"
        own = f"[For yourself, everywhere]({for_people})"
        if application and not application.bot_public:
            return f"{own}. {PRIVATELY_INVITED}"
        link = discord.utils.oauth_url(number, permissions=RIGHTS, scopes=("bot", "applications.commands"))
        return f"[To a server]({link}) · {own}"

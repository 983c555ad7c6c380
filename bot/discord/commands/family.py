"""A family of commands: a class whose methods are the commands, and what they share.

Knows discord.py's cogs, which need no more than a command tree. Does not know single commands.
"""

from typing import Any

from discord import app_commands
from discord.ext import commands

from bot.discord.asking.acts import suggested_to
from bot.discord.asking.answering import Interaction
from bot.discord.asking.gate import Gate, Who
from bot.discord.asking.naming import Choices, all_voices, voices
from bot.discord.asking.parts import Parts

Declared = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


class Family(commands.Cog):
    """Commands that belong together."""

    def __init__(self, parts: Parts, gate: Gate):
        self.parts = parts
        self.gate = gate

    def declared(self) -> list[Declared]:
        """What goes into the command tree."""
        return [*self.get_app_commands(), *self.menus()]

    def menus(self) -> list[app_commands.ContextMenu]:
        """Entries in menus; discord.py wants these made one by one."""
        return []

    async def voices(self, interaction: Interaction, typed: str) -> Choices:
        return await voices(self.parts, interaction, typed)

    @suggested_to(Who.HOME_ADMINS)
    async def all_voices(self, interaction: Interaction, typed: str) -> Choices:
        return await all_voices(self.parts, typed)

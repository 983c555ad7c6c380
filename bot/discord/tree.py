"""The command tree: it takes each ask once, answers every failure, and tells Discord of the commands.

Commands are registered globally, and only if they changed. Discord limits registrations a day. Commands that are
registered globally and for a server are shown twice.

Knows discord.py's tree. Does not know single commands.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import TooOften
from bot.core.process.log import NOT_ON_A_TERMINAL
from bot.discord.asking.acts import ALWAYS, COST
from bot.discord.asking.answering import Interaction, answer_failure
from bot.discord.asking.asks import Asks
from bot.discord.asking.gate import Gate
from bot.people.limits import CHEAP
from huggingtweets.core import atomic

log = logging.getLogger(__name__)

COUNTED = "counted"  # in an interaction's extras: what it costs, and how many asks of the person counted then


class Tree(app_commands.CommandTree[discord.Client]):
    """Takes each ask once, and answers every failure."""

    def __init__(self, client: discord.Client, *, asks: Asks, gate: Gate):
        super().__init__(client)
        self._asks = asks
        self._gate = gate

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        if not self._asks.begin(interaction.id):
            return False
        try:
            self._asks.refuse_when_stopping()
            if not (interaction.command and interaction.command.extras.get(ALWAYS)):
                await self._gate.admit_interaction(interaction)
            if interaction.command and interaction.type is not discord.InteractionType.autocomplete:
                await self._count(interaction, interaction.command.extras)
        except Exception as error:
            # discord.py answers its own errors only; after any other the person would get no answer.
            raise app_commands.CheckFailure(str(error)) from error
        return True

    async def _count(self, interaction: Interaction, extras: dict[Any, Any]) -> None:
        """Count a command by its cost before it does anything. Raises `TooOften` or `Paused`."""
        cost = extras.get(COST, CHEAP) or 0.0
        if extras.get(ALWAYS):
            self._gate.count_own(interaction.user, cost)
            return
        interaction.extras[COUNTED] = cost, await self._gate.count(interaction, cost)

    def _give_back(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """A command that failed counts for the person who asked, but not for the server."""
        cost, asked = interaction.extras.get(COUNTED, (None, 0))
        if cost:
            self._gate.give_back(interaction.guild_id, cost)
        elif cost is not None and not isinstance(getattr(error, "original", error), TooOften):
            self._gate.note_failure(interaction.user, asked)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        self._give_back(interaction, error)
        await answer_failure(interaction, error)

    async def sync_if_changed(self, file: Path, *, anyway: bool = False) -> bool:
        """Register the commands unless `file` says that Discord has these. Returns True if they were registered."""
        application, commands = self.client.application_id, await self._put_together()
        assert application, "the client has logged in"
        wanted = {"application": application, "commands": _digest(commands)}
        if not anyway and _read(file) == wanted:
            return False
        # `sync` would put them together once more.
        await self.client.http.bulk_upsert_global_commands(application, payload=commands)
        atomic.write_json(file, wanted)
        names = ", ".join(command.name for command in self.get_commands())
        log.info("commands registered: %s", names, extra=NOT_ON_A_TERMINAL)
        return True

    async def _put_together(self) -> list[dict[str, Any]]:
        """Every command as Discord gets it, with its names and descriptions in all languages."""
        commands, translator = self.get_commands(), self.translator
        return [
            await command.get_translated_payload(self, translator) if translator else command.to_dict(self)
            for command in commands
        ]


def _digest(commands: list[dict[str, Any]]) -> str:
    ordered = sorted(commands, key=lambda command: str(command["name"]))
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode()).hexdigest()


def _read(file: Path) -> object:
    try:
        return atomic.read_json(file)
    except (OSError, ValueError):
        return None

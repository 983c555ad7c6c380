"""Buttons that work for ever. Each click is taken once, only from people who may, and every failure is answered.

Knows clicks. Does not know what any of them does.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.discord.asking.answering import Interaction, answer_failure
from bot.discord.asking.asks import Asks
from bot.discord.asking.gate import Gate
from bot.discord.asking.parts import Parts
from bot.people.limits import CHEAP

Answering = Callable[[Interaction], Awaitable[None]]


class Clicks(discord.ui.View):
    """Buttons for everybody whom the lists let in. They work after a restart, too."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(timeout=None)
        self.parts = parts
        self.gate = gate
        self._asks = asks

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        if not self._asks.begin(interaction.id):
            return False
        try:
            self._asks.refuse_when_stopping()
            await self.gate.admit_interaction(interaction)
            self.gate.count_own(interaction.user, CHEAP)
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            await answer_failure(interaction, error)
            return False
        return True

    async def answered(self, interaction: Interaction, answering: Answering) -> None:
        """Answer a click on an item that is made anew for each click, by calling `answering`."""
        try:
            if await self.interaction_check(interaction):
                await answering(interaction)
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            await answer_failure(interaction, error)

    async def on_error(self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /) -> None:
        await answer_failure(interaction, error)


class OwnClicks(discord.ui.View):
    """Buttons with which people decide about themselves. They also work for people who are paused or kept out."""

    def __init__(self, *, parts: Parts, asks: Asks):
        super().__init__(timeout=None)
        self.parts = parts
        self._asks = asks

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return self._asks.begin(interaction.id)

    async def on_error(self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /) -> None:
        await answer_failure(interaction, error)

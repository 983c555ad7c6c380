"""Buttons with which people decide about themselves. They also work for who is paused or kept out.

Knows clicks. Does not know what is decided.
"""

from typing import Any

import discord

from bot.discord.answering import Interaction, answer_failure
from bot.discord.asks import Asks
from bot.discord.parts import Parts


class Own(discord.ui.View):
    """Each click counts once, and every failure is answered."""

    def __init__(self, *, parts: Parts, asks: Asks):
        super().__init__(timeout=None)
        self.parts = parts
        self._asks = asks

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return self._asks.begin(interaction.id)

    async def on_error(self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /) -> None:
        await answer_failure(interaction, error)

"""Reads what people made of the last posts, as often as the settings say and the budget allows, and keeps it.

Knows when and of which posts. Does not know networks: it is given a `Destination`.
"""

from datetime import timedelta
from typing import Unpack

from bot.core.errors import OverBudget
from bot.posts.destination import Destination
from bot.posts.place_loop import LoopParts, PlaceLoop

OF_THE_LAST = timedelta(days=7)  # older posts hardly get likes any more
MOST = 25  # posts of one look; Bluesky gives no more at once
IDLE_SECONDS = 600.0


class EngagementReading(PlaceLoop):
    """The figures of one account's posts."""

    what = "the figures"

    def __init__(self, destination: Destination, **parts: Unpack[LoopParts]):
        super().__init__(**parts)
        self._destination = destination

    @property
    def idle_seconds(self) -> float:
        return IDLE_SECONDS

    async def step(self) -> float:
        """Look at some posts. Returns the seconds until there may be more to look at."""
        if (await self._posting.status()).pause:
            return IDLE_SECONDS
        now = self._clock()
        posts = await self._store.engagement.to_look_at(
            self._name,
            since=now - OF_THE_LAST,
            looked_before=now - timedelta(hours=self._settings.engagement_hours),
            most=MOST,
        )
        if not posts:
            return IDLE_SECONDS
        try:
            counts = await self._destination.engagement(list(posts))
        except OverBudget:
            return IDLE_SECONDS
        await self._store.engagement.note({post: counts.get(external_id) for external_id, post in posts.items()})
        return 0.0 if len(posts) == MOST else IDLE_SECONDS

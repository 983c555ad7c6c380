"""Posting on Bluesky, put together. atproto is imported only if there is a password.

Knows what Bluesky needs besides what every place has.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.config import BlueskySettings
from bot.core.post_text.room import room_on_bluesky
from bot.posts.budget import FreeOfCharge
from bot.posts.opening import PlaceParts, Surroundings, posting_at
from bot.posts.place import BLUESKY, Place

if TYPE_CHECKING:
    from bot.posts.bluesky.account import BlueskyAccount


@asynccontextmanager
async def posting_on_bluesky(settings: BlueskySettings, around: Surroundings) -> AsyncIterator[PlaceParts]:
    """Post on Bluesky while the context lasts."""
    place = Place(BLUESKY, settings.name, room_on_bluesky)
    connection = _connected(settings, around) if settings.has_keys else None
    async with posting_at(place, settings, FreeOfCharge(), around, connection) as parts:
        yield parts


@asynccontextmanager
async def _connected(settings: BlueskySettings, around: Surroundings) -> "AsyncIterator[BlueskyAccount]":
    """The account that the app password belongs to."""
    from bot.posts.bluesky.account import BlueskyAccount
    from bot.posts.bluesky.client import BlueskyClient

    assert settings.password
    client = BlueskyClient(
        settings.url,
        settings.account,
        settings.password.get_secret_value(),
        timeout_seconds=settings.timeout_seconds,
        patience=around.reading,
    )
    async with client:
        yield BlueskyAccount(client, settings, around.clock)

"""Posting on a Mastodon server, put together. Mastodon.py is imported only if there is a token.

Knows what Mastodon needs besides what every place has.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.config import MastodonSettings
from bot.core.post_text.room import RoomOnMastodon
from bot.posts.budget import FreeOfCharge
from bot.posts.opening import PlaceParts, Surroundings, posting_at
from bot.posts.place import MASTODON, Place

if TYPE_CHECKING:
    from bot.posts.mastodon.account import MastodonAccount


@asynccontextmanager
async def posting_on_mastodon(settings: MastodonSettings, around: Surroundings) -> AsyncIterator[PlaceParts]:
    """Post on Mastodon while the context lasts."""
    room = RoomOnMastodon(settings.content_warning)
    place = Place(MASTODON, settings.name, room)
    connection = _connected(settings, place, room, around) if settings.has_keys else None
    async with posting_at(place, settings, FreeOfCharge(), around, connection) as parts:
        yield parts


@asynccontextmanager
async def _connected(
    settings: MastodonSettings, place: Place, room: RoomOnMastodon, around: Surroundings
) -> "AsyncIterator[MastodonAccount]":
    """The account that the token belongs to."""
    from bot.posts.mastodon.account import MastodonAccount
    from bot.posts.mastodon.client import MastodonClient

    assert settings.token
    client = MastodonClient(
        settings.url,
        settings.token.get_secret_value(),
        timeout_seconds=settings.timeout_seconds,
        patience=around.reading,
    )
    yield MastodonAccount(client, settings, place, room)

"""Posting on X, put together.

Knows what X needs besides what every place has: keys, a budget, and a label that only people can see to.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.config import XSettings
from bot.core.post_text.ai_label import ASK_FOR_AUTOMATED_LABEL
from bot.posts.budget import Budget
from bot.posts.opening import PlaceParts, Surroundings, posting_at
from bot.posts.place import on_x
from bot.posts.x.account import XAccount, credentials
from bot.posts.x.pictures import Pictures
from huggingtweets.remote.x import XClient


@asynccontextmanager
async def posting_on_x(settings: XSettings, around: Surroundings) -> AsyncIterator[PlaceParts]:
    """Post on X while the context lasts."""
    place = on_x(settings.name)
    budget = Budget(around.store.posts, place.account, settings, around.clock)
    connection = _connected(settings, budget, around) if settings.has_keys else None
    if connection and not settings.dry_run:
        await around.notice(f"{place.subject} automated label", ASK_FOR_AUTOMATED_LABEL)
    async with posting_at(place, settings, budget, around, connection) as parts:
        yield parts


@asynccontextmanager
async def _connected(settings: XSettings, budget: Budget, around: Surroundings) -> AsyncIterator[XAccount]:
    """The account that the keys belong to."""
    client = XClient(
        credentials(settings),
        api_url=settings.api_url,
        timeout_seconds=settings.timeout_seconds,
        patience=around.reading,
    )
    async with client:
        paint = around.paint if settings.picture else None
        pictures = Pictures(client, paint, settings.upload_url) if paint else None
        yield XAccount(client, budget, settings.account, ai_label=settings.ai_label, pictures=pictures)

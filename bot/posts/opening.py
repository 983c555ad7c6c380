"""Puts together what posting at one place consists of, and starts it.

Knows the parts. Does not know what they do, or networks.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.core.config import PostingSettings
from bot.core.process.log import NOT_ON_A_TERMINAL
from bot.core.process.ongoing import Ongoing
from bot.people.willing import Willing
from bot.posts.budget import Spending
from bot.posts.candidates import Draw
from bot.posts.destination import Destination
from bot.posts.engagement import EngagementReading
from bot.posts.mentions import AnsweredMentions, ListVoices, Mentioned
from bot.posts.outbox import Outbox
from bot.posts.place import Place
from bot.posts.posting import Posting
from bot.store import Clock, Store, utc_now
from bot.store.notices import SendNotice
from bot.store.posts.outbox import Post
from bot.voices.tastes import Tastes
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.checks import Check
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)

READING = Patience(attempts=4, first_seconds=1.0, longest_seconds=30.0)
WAITING = Patience(first_seconds=2.0, longest_seconds=300.0)


Paint = Callable[[Post], Awaitable[bytes]]  # a post as a picture


async def _no_voices() -> Sequence[VoiceName]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What every place is given. `reading` and `waiting` say how long to go on trying."""

    store: Store
    willing: Willing
    draw: Draw
    notice: SendNotice
    unwanted: Sequence[Check] = ()
    clock: Clock = utc_now
    reading: Patience = READING
    waiting: Patience = WAITING
    voices: ListVoices = _no_voices
    paint: Paint | None = None
    tastes: Tastes | None = None


class NetworkAccount(Destination, Mentioned, Protocol):
    """An account that can be posted as and be mentioned."""


@dataclass(frozen=True, slots=True)
class PlaceParts:
    """The use case, and the tasks that must not end by themselves."""

    posting: Posting
    tasks: tuple[asyncio.Task[None], ...]


@asynccontextmanager
async def posting_at(
    place: Place,
    settings: PostingSettings,
    budget: Spending,
    around: Surroundings,
    connection: AbstractAsyncContextManager[NetworkAccount] | None,
) -> AsyncIterator[PlaceParts]:
    """Post while the context lasts, as the settings say. Without a connection, or in a dry run, nothing is sent."""
    async with AsyncExitStack() as stack:
        account = await stack.enter_async_context(connection) if connection else None
        # Most people post nowhere, and a dry run without an account is what everybody has.
        log.info("%s: %s", place.network, how(settings), extra=None if settings.is_set_up else NOT_ON_A_TERMINAL)
        outbox = Outbox(
            store=around.store, place=place, destination=account, budget=budget, settings=settings,
            willing=around.willing, notice=around.notice, clock=around.clock, patience=around.waiting,
        )  # fmt: skip
        posting = Posting(
            store=around.store, willing=around.willing, outbox=outbox, draw=around.draw, budget=budget,
            settings=settings, connected=account is not None, notice=around.notice, unwanted=around.unwanted,
            tastes=around.tastes,
        )  # fmt: skip
        loops: list[Ongoing] = [outbox]
        if account and settings.mentions:
            mentions = AnsweredMentions(
                store=around.store, account=account, posting=posting, voices=around.voices, settings=settings,
                clock=around.clock, patience=around.waiting,
            )  # fmt: skip
            loops.append(mentions)
        if account and settings.engagement_hours and not settings.dry_run:
            loops.append(
                EngagementReading(
                    store=around.store, destination=account, posting=posting, settings=settings, clock=around.clock,
                    patience=around.waiting,
                )
            )  # fmt: skip
        for loop in loops:
            await stack.enter_async_context(loop)
        yield PlaceParts(posting, tuple(loop.task for loop in loops))


def how(settings: PostingSettings) -> str:
    """What is to be expected of posting with these settings, for the log."""
    if settings.dry_run:
        return "a dry run, nothing is sent"
    if not settings.has_keys:
        return f"{settings.missing}, nothing is sent"
    return "posts are sent " + ("without approval" if settings.automatic else "once they are approved")

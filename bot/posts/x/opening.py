"""Puts together what posting on X consists of, and starts it.

Knows the parts. Does not know what they do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.core.ai_label import ASK_FOR_AUTOMATED_LABEL
from bot.core.config import XSettings
from bot.core.ongoing import Ongoing
from bot.people.willing import Willing
from bot.posts.budget import Budget
from bot.posts.outbox import Outbox
from bot.posts.posting import Draw, Posting
from bot.posts.x.account import READING, XAccount, credentials
from bot.posts.x.mentions import ListVoices, MentionsOnX
from bot.store import Clock, Store, utc_now
from bot.store.notices import SendNotice
from huggingtweets.core.names import VoiceName
from huggingtweets.generation.checks import Check
from huggingtweets.remote.upstream import Patience
from huggingtweets.remote.x import XClient

log = logging.getLogger(__name__)

NO_NAME = "x"  # the account in the database while config.toml names none
WAITING = Patience(first_seconds=2.0, longest_seconds=300.0)


@dataclass(frozen=True, slots=True)
class XParts:
    """The use case, the budget of the month, and the tasks that must not end by themselves."""

    posting: Posting
    budget: Budget
    tasks: tuple[asyncio.Task[None], ...]


async def _no_voices() -> Sequence[VoiceName]:
    return ()


@asynccontextmanager
async def posting_on_x(
    *,
    store: Store,
    settings: XSettings,
    willing: Willing,
    draw: Draw,
    notice: SendNotice,
    unwanted: Sequence[Check] = (),
    clock: Clock = utc_now,
    reading: Patience = READING,
    waiting: Patience = WAITING,
    voices: ListVoices = _no_voices,
) -> AsyncIterator[XParts]:
    """Post while the context lasts, as the settings say. Without keys, or in a dry run, nothing is sent to X."""
    name = settings.account.lower() or NO_NAME
    budget = Budget(store.posts, name, settings, clock)
    async with AsyncExitStack() as stack:
        account = await _open_account(settings, budget, reading, stack) if settings.has_keys else None
        if account and not settings.dry_run:
            await notice(f"x:{name} automated label", ASK_FOR_AUTOMATED_LABEL)
        log.info("X: %s", _how(settings))
        outbox = Outbox(
            store=store, account=name, network=account, budget=budget, settings=settings, willing=willing,
            notice=notice, clock=clock, patience=waiting,
        )  # fmt: skip
        posting = Posting(
            store=store, willing=willing, outbox=outbox, draw=draw, budget=budget, settings=settings,
            connected=account is not None, notice=notice, unwanted=unwanted,
        )  # fmt: skip
        loops: list[Ongoing] = [outbox]
        if account and settings.mentions:
            mentions = MentionsOnX(
                store=store, account=account, posting=posting, voices=voices, settings=settings, clock=clock,
                patience=waiting,
            )  # fmt: skip
            loops.append(mentions)
        for loop in loops:
            await stack.enter_async_context(loop)
        yield XParts(posting, budget, tuple(loop.task for loop in loops))


async def _open_account(settings: XSettings, budget: Budget, patience: Patience, stack: AsyncExitStack) -> XAccount:
    """The account that the keys belong to, until `stack` is closed."""
    client = XClient(
        credentials(settings),
        api_url=settings.api_url,
        timeout_seconds=settings.timeout_seconds,
        patience=patience,
    )
    return XAccount(await stack.enter_async_context(client), budget, settings.account, ai_label=settings.ai_label)


def _how(settings: XSettings) -> str:
    if settings.dry_run:
        return "a dry run, nothing is sent"
    if not settings.has_keys:
        return f"the keys are not there ({settings.consumer_key_env} and its like), nothing is sent"
    return "posts are sent " + ("without approval" if settings.automatic else "once they are approved")

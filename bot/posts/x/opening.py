"""Everything that posting on X is made of, put together and started.

Knows the parts. Does not know what they do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.core.ai_label import ASK_FOR_AUTOMATED_LABEL
from bot.core.config import X
from bot.core.ongoing import ongoing
from bot.people.willing import Willing
from bot.posts.budget import Budget
from bot.posts.outbox import Notice, Outbox
from bot.posts.posting import Draw, Posting
from bot.posts.x.account import READING, XAccount, credentials
from bot.posts.x.mentions import Mentions, Voices
from bot.store import Clock, Store, utc_now
from huggingtweets.remote.upstream import Patience
from huggingtweets.remote.x import XClient

log = logging.getLogger(__name__)

NO_NAME = "x"  # the account in the database while config.toml names none
WAITING = Patience(first_seconds=2.0, longest_seconds=300.0)


@dataclass(frozen=True, slots=True)
class Parts:
    """The use case, the month's budget, and the tasks that must not end."""

    posting: Posting
    budget: Budget
    tasks: tuple[asyncio.Task[None], ...]


async def _none() -> Sequence[str]:
    return ()


@asynccontextmanager
async def opened(
    *,
    store: Store,
    settings: X,
    willing: Willing,
    draw: Draw,
    notice: Notice,
    clock: Clock = utc_now,
    reading: Patience = READING,
    waiting: Patience = WAITING,
    voices: Voices = _none,
) -> AsyncIterator[Parts]:
    """Post while the context lasts, as the settings say; without keys, or in a dry run, X is not spoken to."""
    account_name = settings.account.lower() or NO_NAME
    budget = Budget(store.posts, account_name, settings, clock)
    async with AsyncExitStack() as stack:
        account = None
        if settings.has_keys:
            client = XClient(
                credentials(settings),
                api_url=settings.api_url,
                timeout_seconds=settings.timeout_seconds,
                patience=reading,
            )
            account = XAccount(
                await stack.enter_async_context(client), budget, settings.account, ai_label=settings.ai_label
            )
            if not settings.dry_run:
                await notice(f"x:{account_name} automated label", ASK_FOR_AUTOMATED_LABEL)
        log.info("X: %s", _how(settings))
        outbox = Outbox(
            store=store,
            account=account_name,
            network=account,
            budget=budget,
            settings=settings,
            willing=willing,
            notice=notice,
            clock=clock,
            patience=waiting,
        )
        posting = Posting(
            store=store,
            outbox=outbox,
            draw=draw,
            budget=budget,
            settings=settings,
            connected=account is not None,
            notice=notice,
        )
        tasks = [await stack.enter_async_context(ongoing(outbox.run(), "outbox"))]
        if account and settings.mentions:
            mentions = Mentions(
                store=store,
                account=account,
                posting=posting,
                voices=voices,
                settings=settings,
                clock=clock,
                patience=waiting,
            )
            tasks.append(await stack.enter_async_context(ongoing(mentions.run(), "mentions")))
        yield Parts(posting, budget, tuple(tasks))


def _how(settings: X) -> str:
    if settings.dry_run:
        return "a dry run, nothing is sent"
    if not settings.has_keys:
        return f"the keys are not there ({settings.consumer_key_env} and its like), nothing is sent"
    return "posts are sent " + ("without approval" if settings.automatic else "once they are approved")

"""X as a place to collect from: what is new comes, what was deleted goes, and the budget for reading is kept.

Off until the operator turns it on, because X's rules list training on what its API gives among the prohibited uses.
Knows budgets and how far a look at old tweets is. Does not know HTTP, or what a post of X's looks like (`x_api`).
"""

import asyncio
import logging
import math
from datetime import UTC, datetime
from typing import ClassVar

from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.x import MIN_PAGE, XClient
from huggingtweets.remote.x_reads import MICRO
from huggingtweets.remote.x_session import Credentials
from huggingtweets.sources.networks import x_api
from huggingtweets.sources.networks.network import Gathered, Means, Source
from huggingtweets.tweets.kept.looks import Look

log = logging.getLogger(__name__)

AT_ONCE = 100  # posts of one look; X takes no more


class XNetwork:
    """Reads timelines by X's API, and asks it which of the kept tweets are still there."""

    name: ClassVar[str] = "x"

    def __init__(self, means: Means):
        self._settings, self._kept, self._patience = means.settings, means.kept, means.patience
        self._reads = means.x_reads

    @staticmethod
    def parse_handle(text: str) -> str:
        return x_api.parse_handle(text)

    async def read(self, name: str, handle: str) -> Gathered:
        """Add what is new at `handle`. Raises `Misconfigured` while X is off, too."""
        return await self._read(name, handle)

    async def read_on(self, name: str, source: Source) -> Gathered:
        return await self._read(name, name, source.id)

    async def _read(self, name: str, handle: str, user_id: str = "") -> Gathered:
        async with self._client() as client:
            await self._charge(1)  # the account itself is a read, too
            user = await x_api.find(client, handle, user_id)
            affordable = await asyncio.to_thread(self._reads.affordable, self._settings.max_posts)
            source = Source.parse(x_api.source_of(user.id))
            ids = [int(tweet.id) for tweet in await self._kept.tweets(name, source)]
            since_id = str(max(ids)) if ids else None
            # X gives no fewer than a small page. If the budget does not pay for that, the charge raises.
            most = max(MIN_PAGE, affordable)
            collected = await x_api.read(client, user, since_id=since_id, most=most, charge=self._charge)
        if affordable < self._settings.max_posts and len(collected.tweets) >= most:
            log.warning("only the latest %d tweets of @%s were read: that is what the budget pays for", most, handle)
        new = await self._kept.merge(name, collected)
        if str(source) not in (await self._kept.checked()).get(name, {}):
            await self._kept.mark_checked(name, source)
        return Gathered(new)

    async def check(self, name: str, source: Source, *, at_any_price: bool = False) -> int:
        """Look at the tweets of `source` in the order of their ids, from where the last look ended.

        X is asked as far as today's part of the budget goes, or the month's with `at_any_price`.
        """
        affordable = self._reads.affordable if at_any_price else self._reads.affordable_today
        look = await self._kept.look(name, source) or Look(datetime.now(UTC), "0")
        ids = sorted((tweet.id for tweet in await self._kept.tweets(name, source)), key=int)
        rest, dropped = [one for one in ids if int(one) > int(look.after)], 0
        async with self._client() as client:
            while rest and (count := await asyncio.to_thread(affordable, min(AT_ONCE, len(rest)))):
                batch, rest = rest[:count], rest[count:]
                looked = await client.look(batch, self._charge)
                dropped += await self._kept.drop(name, looked.gone)
                look = look._replace(after=batch[-1])
                await self._kept.mark_look(name, source, look)
        if rest:
            log.info("%s: %d tweets are looked at another day, the budget does not suffice", name, len(rest))
            return dropped
        # The tweets that were looked at first decide when it is time again.
        await self._kept.mark_checked(name, source, look.since)
        await self._kept.mark_look(name, source, None)
        return dropped

    def shortfall(self) -> Phrase:
        store = self._kept.store
        mark = f"{self.name}:"
        tweets = sum(tweet.source.startswith(mark) for name in store.looks.checked() for tweet in store.tweets(name))
        affordable = self._reads.a_day()
        if tweets <= affordable:
            return Phrase()
        cost = self._reads.price(tweets) / MICRO
        days = math.ceil(tweets / affordable) if affordable else 0
        if days:
            pace = Phrase("suffices to look at each of them once in {days} days", days=days)
        else:
            pace = Phrase("does not suffice to look at any")
        return Phrase(
            "I keep {tweets:,} tweets that were read from X. X charges for each look at a tweet. To notice within a "
            "day that one was deleted there would cost {cost:.2f} USD a day, or {month:.2f} USD a month. The budget "
            "for reading is {budget:.2f} USD a month and {pace}. Whoever runs me can raise the budget, or have the "
            "voice learned from the person's archive instead.",
            tweets=tweets,
            cost=cost,
            month=cost * 31,
            budget=self._settings.x_monthly_budget_usd,
            pace=pace,
        )

    async def _charge(self, posts: int) -> None:
        await asyncio.to_thread(self._reads.charge, posts)

    def _client(self) -> XClient:
        if not self._settings.x_api:
            raise Misconfigured(
                "Reading X is off, because X's rules list training on what its API gives among what is prohibited; "
                "use the person's archive, or set [collecting] x_api = true if X has allowed it to you.",
                for_people=Phrase(
                    "I do not read X, because its rules prohibit learning from what it gives to programs; use the "
                    "person's archive."
                ),
            )
        token = self._settings.x_bearer_token
        if not token:
            raise Misconfigured(
                f"Reading X needs a bearer token; put it into the environment as {self._settings.x_bearer_token_env}."
            )
        credentials = Credentials(bearer_token=token.get_secret_value())
        return XClient(credentials, api_url=self._settings.x_api_url, patience=self._patience)

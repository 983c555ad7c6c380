"""What posting on X costs, with what is read for it: in millionths of a US dollar, and never more than was allowed.

A cost is noted before the call that causes it, by the prices in config.toml; what was not used after all is given back.
A kill in between counts too much, never too little. Knows prices and months. Does not know what is bought.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from bot.core.config import RESERVED_READS, XSettings
from bot.core.errors import OverBudget
from bot.store.posts import Posts

Kind = Literal["post", "reply", "read", "own_read"]
MICRO = 1_000_000


class Budget:
    """One account's month."""

    def __init__(self, posts: Posts, account: str, settings: XSettings, clock: Callable[[], datetime]):
        self._posts = posts
        self._account = account
        self._settings = settings
        self._clock = clock

    @property
    def since(self) -> datetime:
        """When the month began, in UTC."""
        return self._clock().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    @property
    def limit(self) -> int:
        """Of the month, in millionths of a dollar."""
        return round(self._settings.monthly_budget_usd * MICRO)

    @property
    def for_posting(self) -> int:
        """What posts may use of it."""
        return self.limit - self.price("own_read", RESERVED_READS)

    @property
    def for_mentions(self) -> int:
        """What reading mentions may use of that, so that a flood of them leaves something for posts."""
        return max(0, self.for_posting) // 2

    async def affordable(self, kind: Kind, wanted: int) -> int:
        """How many of `wanted` the rest of the month's budget pays for."""
        left = self.limit - await self._posts.spent(self._account, self.since)
        if kind == "read":
            left = min(left, self.for_mentions - await self._posts.spent(self._account, self.since, kind))
        price = self.price(kind)
        return min(wanted, max(0, left // price)) if price else wanted

    def price(self, kind: Kind, count: int = 1) -> int:
        """In millionths of a dollar."""
        usd: float = getattr(self._settings, f"{kind}_usd")
        return round(usd * MICRO) * count

    async def charge(self, kind: Kind, count: int) -> None:
        """Note the cost of `count`; below 0 it is given back. Raises `OverBudget`, and then nothing is noted."""
        price = self.price(kind, count)
        if price <= 0:
            if price < 0:
                await self._posts.spend(self._account, kind, price)
            return
        limits = {"budget": self.limit, "share": self.for_mentions if kind == "read" else self.limit}
        if not await self._posts.spend_within(self._account, kind, price, since=self.since, **limits):
            raise OverBudget

    async def spent_usd(self) -> float:
        """In this month."""
        return await self._posts.spent(self._account, self.since) / MICRO

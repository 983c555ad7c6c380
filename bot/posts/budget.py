"""The month's budget for X: what posts and reads cost, in millionths of a US dollar. More than that is never spent.

A cost is noted before the call that causes it, by the prices in config.toml. What was not used is given back. If the
process is killed in between, too much is counted, never too little.

Knows prices and months. Does not know what is bought.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, Protocol

from bot.core.config import RESERVED_READS, XSettings
from bot.core.errors import OverBudget
from bot.store.posts.outbox import Posts

Kind = Literal["post", "reply", "read", "own_read"]
MICRO = 1_000_000


class Spending(Protocol):
    """What posts cost, and how much may be spent."""

    @property
    def since(self) -> datetime: ...
    @property
    def for_posting(self) -> int: ...
    @property
    def limit(self) -> int: ...
    def price(self, kind: Kind, count: int = 1) -> int: ...
    async def spent_usd(self) -> float: ...


class FreeOfCharge:
    """The spending of an account on a network where posts cost nothing."""

    limit = for_posting = 0
    since = datetime.min.replace(tzinfo=UTC)

    def price(self, kind: Kind, count: int = 1) -> int:
        return 0

    async def spent_usd(self) -> float:
        return 0.0


class Budget:
    """The budget of one account."""

    def __init__(self, posts: Posts, account: str, settings: XSettings, clock: Callable[[], datetime]):
        self._posts = posts
        self._account = account
        self._settings = settings
        self._clock = clock

    @property
    def since(self) -> datetime:
        """The beginning of this month, in UTC."""
        return self._clock().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    @property
    def limit(self) -> int:
        """The budget of a month, in millionths of a dollar."""
        return round(self._settings.monthly_budget_usd * MICRO)

    @property
    def for_posting(self) -> int:
        """The part that posts may use."""
        return self.limit - self.price("own_read", RESERVED_READS)

    @property
    def for_mentions(self) -> int:
        """The part that reading mentions may use: half, so that a flood of mentions leaves something for posts."""
        return max(0, self.for_posting) // 2

    async def affordable(self, kind: Kind, wanted: int) -> int:
        """Returns how many of `wanted` the rest of the budget pays for."""
        left = self.limit - await self._posts.spent(self._account, self.since)
        if kind == "read":
            left = min(left, self.for_mentions - await self._posts.spent(self._account, self.since, kind))
        price = self.price(kind)
        return min(wanted, max(0, left // price)) if price else wanted

    def price(self, kind: Kind, count: int = 1) -> int:
        """Returns a price in millionths of a dollar."""
        usd: float = getattr(self._settings, f"{kind}_usd")
        return round(usd * MICRO) * count

    async def charge(self, kind: Kind, count: int) -> None:
        """Note the cost of `count`; if it is below 0, give it back. Raises `OverBudget`, and notes nothing then."""
        price = self.price(kind, count)
        if price <= 0:
            if price < 0:
                await self._posts.spend(self._account, kind, price)
            return
        limits = {"budget": self.limit, "share": self.for_mentions if kind == "read" else self.limit}
        if not await self._posts.spend_within(self._account, kind, price, since=self.since, **limits):
            raise OverBudget

    async def charge_unreserved(self, kind: Kind, count: int) -> None:
        """The same, without the part that is kept back for looking up posts in doubt."""
        if (
            count > 0
            and await self._posts.spent(self._account, self.since) + self.price(kind, count) > self.for_posting
        ):
            raise OverBudget
        await self.charge(kind, count)

    async def spent_usd(self) -> float:
        """Returns what was spent in this month."""
        return await self._posts.spent(self._account, self.since) / MICRO

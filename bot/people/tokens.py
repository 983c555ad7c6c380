"""Tokens with which other programs ask for tweets: made once, known by their hash, and each with limits of its own.

A token is 32 random bytes, so its plain SHA-256 cannot be guessed back. It is looked up by that hash: how long a
look-up takes tells nothing about the token.

Knows the database and a clock. Does not know HTTP, or what is drawn.
"""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.core.config import ApiSettings
from bot.core.errors import TooOften, UsedUp
from bot.people.limits import TWEETS, RateLimit
from bot.store import Store, utc_now
from bot.store.api_tokens import ApiToken
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.visible import typed

PREFIX = "htw-"  # so that people and scanners of secrets know what they see
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
MAX_NAME = 60
MOST = {"requests_per_minute": 10_000, "at_a_time": 1_000, "tweets_a_day": 10_000_000}  # of each limit
SOON_SECONDS = 1.0
OPERATOR = "operator"  # whoever types commands on this machine, in the audit


class Tokens:
    """Makes tokens, knows them again, and revokes them."""

    def __init__(self, store: Store):
        self._store = store

    async def new(self, name: str, **limits: int | None) -> str:
        """Make a token called `name`. It is returned this once. Raises `Usage` for a bad name or limit."""
        name = named(name)
        for limit, value in limits.items():
            if value is not None and not 1 <= value <= MOST[limit]:
                raise Usage(f"{limit.replace('_', ' ').capitalize()} can be 1 to {MOST[limit]:,}, not {value:,}.")
        text = PREFIX + secrets.token_urlsafe(32)
        token = await self._store.api_tokens.add(name, digest(text), limits)
        if not token:
            raise Usage(f"There is a token called {name} already; revoke it first, or choose another name.")
        await self._store.audit.add(OPERATOR, "token new", f"token:{token.id}")
        return text

    async def listed(self) -> list[tuple[ApiToken, int]]:
        """Every token with its tweets of today, also those that were revoked."""
        return await self._store.api_tokens.all()

    async def revoke(self, name: str) -> None:
        """Make the token called `name` invalid from the next request on. Raises `Usage` if there is none."""
        if not await self._store.api_tokens.revoke(named(name)):
            raise Usage(f"There is no token called {named(name)}, or it was revoked before.")
        await self._store.audit.add(OPERATOR, "token revoke")

    async def known(self, text: str) -> ApiToken | None:
        """Returns what is known of the token `text`, or None if it is not valid."""
        return await self._store.api_tokens.of(digest(text)) if _FORM.fullmatch(text) else None


def named(name: str) -> str:
    """The name of a token as people see it. Raises `Usage` for what is none."""
    name = typed(name)
    if not 1 <= len(name) <= MAX_NAME:
        raise Usage(f"The name of a token has 1 to {MAX_NAME} characters; it says which program the token is for.")
    return name


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TokenLimits:
    """How much each token may ask for. A token without limits of its own has those of the settings."""

    def __init__(self, store: Store, settings: ApiSettings, clock: Callable[[], datetime] = utc_now):
        self._store, self._settings, self._clock = store, settings, clock
        self._rates: dict[tuple[int, int], RateLimit] = {}
        self._under_way: Counter[int] = Counter()

    @asynccontextmanager
    async def asking(self, token: ApiToken, cost: float = TWEETS) -> AsyncIterator[None]:
        """A request of `token` while the context lasts. Raises `TooOften` on entering."""
        if self._under_way[token.id] >= (token.at_a_time or self._settings.at_a_time):
            raise TooOften(SOON_SECONDS, "Too many requests with this token are answered just now")
        per_minute = token.requests_per_minute or self._settings.requests_per_minute
        rate = self._rates.setdefault((token.id, per_minute), RateLimit(per_minute))
        if wait := rate.wait_seconds("", cost):
            raise TooOften(wait, "This token has been used a lot in this minute")
        rate.note("", cost)
        self._under_way[token.id] += 1
        try:
            yield
        finally:
            self._under_way[token.id] -= 1

    async def take(self, token: ApiToken, tweets: int) -> None:
        """Count `tweets` for today, before they are drawn. Raises `UsedUp` if the day's are used up."""
        most = token.tweets_a_day or self._settings.tweets_a_day
        if not await self._store.api_tokens.take(token.id, tweets, most):
            raise UsedUp(self._seconds_of_today_left())

    async def give_back(self, token: ApiToken, tweets: int) -> None:
        """Uncount `tweets` that there are not."""
        if tweets:
            await self._store.api_tokens.give_back(token.id, tweets)

    def _seconds_of_today_left(self) -> float:
        now = self._clock().astimezone(UTC)
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (tomorrow - now).total_seconds()

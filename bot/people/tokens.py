"""Tokens with which other programs ask for tweets: made once, known by their hash, and each with limits of its own.

A token is 32 random bytes, so its plain SHA-256 cannot be guessed back. It is looked up by that hash: how long a
look-up takes tells nothing about the token.

Knows the database and a clock. Does not know HTTP, or what is drawn.
"""

import asyncio
import hashlib
import logging
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.core.config import ApiSettings
from bot.core.errors import StoreUnavailable, TooOften, UsedUp
from bot.people.limits import TWEETS, RateLimit
from bot.store import Store, utc_now
from bot.store.api_tokens import ApiToken
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.visible import typed

log = logging.getLogger(__name__)

PREFIX = "htw-"  # so that people and scanners of secrets know what they see
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
MAX_NAME = 60
MOST = {"requests_per_minute": 10_000, "at_a_time": 1_000, "tweets_a_day": 10_000_000}  # of each limit
SOON_SECONDS = 1.0
AHEAD_PART, MAX_AHEAD = 100, 200  # of a day's tweets, this part may be counted ahead, and no more than so many
AHEAD_SECONDS = 1.0
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


@dataclass(slots=True)
class _Ahead:
    """Tweets of a token that are counted for `day`, and that nobody has asked for yet. `timer` uncounts them."""

    day: date
    tweets: int = 0
    timer: asyncio.TimerHandle | None = None


class TokenLimits:
    """How much each token may ask for. A token without limits of its own has those of the settings.

    A day's tweets are counted in the database before they are drawn, with a few more for the requests that come next.
    If none comes for a second, those are uncounted. So a token never gets more than its limit. A process that is killed
    costs it what was under way, and a hundredth of a day at most.
    """

    def __init__(self, store: Store, settings: ApiSettings, clock: Callable[[], datetime] = utc_now):
        self._store, self._settings, self._clock = store, settings, clock
        self._rates: dict[tuple[int, int], RateLimit] = {}
        self._under_way: Counter[int] = Counter()
        self._ahead: dict[int, _Ahead] = {}
        self._uncounting: set[asyncio.Task[None]] = set()

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
        ahead = self._ahead_of(token.id)
        while ahead.tweets < tweets:
            missing = tweets - ahead.tweets
            for wanted in (missing + min(most // AHEAD_PART, MAX_AHEAD), missing):
                if await self._store.api_tokens.take(token.id, wanted, most):
                    ahead.tweets += wanted
                    break
            else:
                raise UsedUp(self._seconds_of_today_left())
        ahead.tweets -= tweets
        self._uncount_later(token.id, ahead)

    async def give_back(self, token: ApiToken, tweets: int) -> None:
        """Uncount `tweets` that there are not, in a second."""
        if tweets:
            ahead = self._ahead_of(token.id)
            ahead.tweets += tweets
            self._uncount_later(token.id, ahead)

    async def aclose(self) -> None:
        """Uncount at once what nobody has asked for."""
        for token, ahead in self._ahead.items():
            if ahead.timer:
                ahead.timer.cancel()
                self._uncount(token, ahead)
        await asyncio.gather(*self._uncounting)

    def _ahead_of(self, token: int) -> _Ahead:
        today = self._clock().astimezone(UTC).date()
        ahead = self._ahead.get(token)
        if not ahead or ahead.day != today:  # yesterday's count does not matter any more
            ahead = self._ahead[token] = _Ahead(today)
        return ahead

    def _uncount_later(self, token: int, ahead: _Ahead) -> None:
        if ahead.timer:
            ahead.timer.cancel()
        ahead.timer = asyncio.get_running_loop().call_later(AHEAD_SECONDS, self._uncount, token, ahead)

    def _uncount(self, token: int, ahead: _Ahead) -> None:
        tweets, ahead.tweets, ahead.timer = ahead.tweets, 0, None
        if tweets:
            task = asyncio.create_task(self._uncounted(token, tweets))
            self._uncounting.add(task)
            task.add_done_callback(self._uncounting.discard)

    async def _uncounted(self, token: int, tweets: int) -> None:
        try:
            await self._store.api_tokens.give_back(token, tweets)
        except StoreUnavailable as error:
            log.warning("%d tweets of a token stay counted: %s", tweets, error)

    def _seconds_of_today_left(self) -> float:
        now = self._clock().astimezone(UTC)
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (tomorrow - now).total_seconds()

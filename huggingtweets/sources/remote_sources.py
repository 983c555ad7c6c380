"""Tweets from a far end into the store: what is new there comes, and what was deleted there goes.

Knows how an origin is written (`x:HANDLE`, `bluesky:HANDLE`), which client reads it, and when deletions were last
looked for. Does not know HTTP, schedules, or how the money is counted.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from huggingtweets.core.config import Collecting, Settings
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.records import Tweet
from huggingtweets.remote.upstream import NoAccount, Patience
from huggingtweets.remote.x import MIN_PAGE, Credentials, XClient
from huggingtweets.remote.x_reads import MICRO, XReads
from huggingtweets.sources.networks import bluesky, x_api
from huggingtweets.sources.owners import parse_owned
from huggingtweets.tweets.looks import Look
from huggingtweets.tweets.tweet_store import TweetStore

log = logging.getLogger(__name__)

Kind = Literal["x", "bluesky"]
# X's limits start anew every quarter of an hour; whoever collects has the time to wait for that.
PATIENCE = Patience(attempts=6, first_seconds=1.0, longest_seconds=960.0)
AT_ONCE = 100  # posts of one look; X takes no more


@dataclass(frozen=True, slots=True)
class Origin:
    """Where tweets are read: `handle` is valid as far as can be told without asking."""

    kind: Kind
    handle: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a collection gave: ids that are new, and tweets that were dropped because they are gone there."""

    new: int
    dropped: int


def parse_origin(text: str) -> Origin | None:
    """`x:nasa` or `bluesky:ann.bsky.social`; None for anything else, which is a path. Raises `Usage`.

    A file that is called so is meant if it is there.
    """
    kind, colon, handle = text.partition(":")
    if colon and _is_there(text):
        return None
    if colon and kind == "x":
        return Origin("x", x_api.parse_handle(handle))
    if colon and kind == "bluesky":
        return Origin("bluesky", bluesky.parse_handle(handle))
    return None


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or with a NUL character
        return False


class Collector:
    """Reads origins into the store of `settings`."""

    def __init__(self, settings: Settings, *, patience: Patience = PATIENCE, reads: XReads | None = None):
        self._settings: Collecting = settings.collecting
        self._store = TweetStore(settings.tweets)
        self._patience = patience
        self._reads = reads or XReads(settings)

    async def collect(self, name: str, origins: Sequence[Origin]) -> Gathered:
        """Add what is new at `origins` to the tweets of `name`; drop what is gone, where it is time to look.

        Raises `Misconfigured` for X while it is off, `Forgotten`, and what `upstream` draws.
        """
        new = dropped = 0
        for origin in origins:
            try:
                got = await (self._from_x if origin.kind == "x" else self._from_bluesky)(name, origin.handle)
            except NoAccount as error:
                if error.gone:
                    await self.check(name, at_any_price=True)
                raise
            new, dropped = new + got.new, dropped + got.dropped
        return Gathered(new, dropped + await self._check_if_due(name))

    async def refresh(self, name: str) -> Gathered:
        """Read what is new where tweets of `name` were collected before, and drop what is gone there.

        Raises like `collect`; nothing is asked of anybody where all tweets are out of files.
        """
        new = dropped = 0
        for source in await self._sources(name):
            kind, _, who = source.partition(":")
            try:
                got = await (self._from_x(name, name, who) if kind == "x" else self._from_bluesky(name, who))
            except NoAccount as error:
                if error.gone:
                    await self.check(name, at_any_price=True)
                raise
            new, dropped = new + got.new, dropped + got.dropped
        return Gathered(new, dropped + await self._check_if_due(name))

    async def gather(self, name: str, sources: Sequence[str]) -> list[str]:
        """Read what is new of everybody in `name`, at the origins among `sources` or where it was read before.

        Returns the other sources, which are paths. An origin may say whose it is, as in `nasa=x:nasa`.
        """
        handles = name.split("-")
        remote: dict[str, list[Origin]] = {}
        paths: list[str] = []
        for source in sources:
            owned = parse_owned(source, name)
            if origin := parse_origin(owned.written):
                remote.setdefault(owned.handle or handles[0], []).append(origin)
            else:
                paths.append(source)
        for handle in handles:
            await (self.collect(handle, remote[handle]) if handle in remote else self.refresh(handle))
        return paths

    async def check(self, name: str, *, due_only: bool = False, at_any_price: bool = False) -> int:
        """Drop the tweets of `name` that are gone where they came from. Returns how many. Raises like `collect`.

        With `due_only` only those sources are asked for which it is time. X is asked as far as today's part of the
        budget goes, or with `at_any_price` the month's; the next look goes on from there.
        """
        dropped = 0
        waiting = (await asyncio.to_thread(self._waiting)).get(name, {})
        for source in await self._sources(name):
            if due_only and source not in waiting:
                continue
            kind, _, who = source.partition(":")
            if kind == "x":
                dropped += await self._check_x(name, source, at_any_price=at_any_price)
            else:
                dropped += await self._check_bluesky(name, who)
        return dropped

    def due(self, now: datetime | None = None) -> list[str]:
        """Whose sources were not asked for longer than `check_hours`, the one that has waited longest first."""
        waiting = self._waiting(now)
        return sorted(waiting, key=lambda name: min(waiting[name].values()))

    def _waiting(self, now: datetime | None = None) -> dict[str, dict[str, datetime]]:
        """The sources that were not asked for longer than `check_hours`, with when they were, by name."""
        latest = (now or datetime.now(UTC)) - timedelta(hours=self._settings.check_hours)
        late = {
            name: {source: at for source, at in sources.items() if at < latest}
            for name, sources in self._store.looks.checked().items()
        }
        return {name: sources for name, sources in late.items() if sources}

    async def sources(self, name: str) -> list[str]:
        """Where tweets of `name` were ever read, such as `x:12`; empty where all of them came out of files."""
        checked = (await asyncio.to_thread(self._store.looks.checked)).get(name, {})
        return sorted({*checked, *await self._sources(name)})

    def shortfall(self) -> str:
        """Why what was deleted at X is not seen within a day: a sentence with the costs, or empty where it is."""
        kept = sum(
            tweet.source.startswith("x:") for name in self._store.looks.checked() for tweet in self._store.tweets(name)
        )
        affordable = self._reads.a_day()
        if kept <= affordable:
            return ""
        cost = self._reads.price(kept) / MICRO
        every = f"every {math.ceil(kept / affordable)} days" if affordable else "never"
        return (
            f"{kept:,} tweets were read from X. To see within a day which of them are deleted there costs "
            f"{cost:.2f} USD a day, {cost * 31:.2f} USD a month. The budget for reading is "
            f"{self._settings.x_monthly_budget_usd:.2f} USD a month, so each is looked at {every}, "
            "the one that has waited longest first. "
            "Raise that budget, or learn from the person's archive instead."
        )

    async def _check_if_due(self, name: str) -> int:
        return await self.check(name, due_only=True)

    async def _from_x(self, name: str, handle: str, user_id: str = "") -> Gathered:
        async with self._x() as client:
            await self._charge(1)  # the account itself is a read, too
            user = await x_api.find(client, handle, user_id)
            affordable = await asyncio.to_thread(self._reads.affordable, self._settings.max_posts)
            source = x_api.source_of(user.id)
            known = [int(tweet.id) for tweet in await self._tweets(name, source)]
            since_id = str(max(known)) if known else None
            # X gives no fewer than a small page; where not even that is paid for, the charge refuses.
            most = max(MIN_PAGE, affordable)
            collected = await x_api.read(client, user, since_id=since_id, most=most, charge=self._charge)
        if affordable < self._settings.max_posts and len(collected.tweets) >= most:
            log.warning("only the latest %d tweets of @%s were read: that is what the budget pays for", most, handle)
        new = await asyncio.to_thread(self._store.merge, name, collected)
        if source not in self._store.looks.checked().get(name, {}):
            await self._mark(name, source)
        return Gathered(new, 0)

    async def _from_bluesky(self, name: str, handle: str) -> Gathered:
        known = await self._tweets(name)
        async with bluesky.Bluesky(self._settings.bluesky_url, patience=self._patience) as client:
            # What is known must be within reach, or it would look deleted.
            most = max(self._settings.max_posts, len(known) + bluesky.PAGE)
            collected = await client.read(handle, most=most)
        source = collected.tweets[0].source
        new = await asyncio.to_thread(self._store.merge, name, collected)
        there = {tweet.id for tweet in collected.tweets}
        oldest = min((tweet.created_at for tweet in collected.tweets if tweet.created_at), default=None)
        cut = len(collected.tweets) >= most and oldest
        gone = {
            tweet.id
            for tweet in known
            if tweet.source == source
            and tweet.id not in there
            and not (cut and (tweet.created_at is None or tweet.created_at < cut))
        }
        dropped = await asyncio.to_thread(self._store.drop, name, gone)
        await self._mark(name, source)
        return Gathered(new, dropped)

    async def _check_x(self, name: str, source: str, *, at_any_price: bool) -> int:
        """Look at the tweets of `source` in the order of their ids, from where the last look ended."""
        affordable = self._reads.affordable if at_any_price else self._reads.affordable_today
        look = await asyncio.to_thread(self._store.looks.look, name, source) or Look(datetime.now(UTC), "0")
        ids = sorted((tweet.id for tweet in await self._tweets(name, source)), key=int)
        left, dropped = [one for one in ids if int(one) > int(look.after)], 0
        async with self._x() as client:
            while left and (count := await asyncio.to_thread(affordable, min(AT_ONCE, len(left)))):
                asked, left = left[:count], left[count:]
                looked = await client.look(asked, self._charge)
                dropped += await asyncio.to_thread(self._store.drop, name, looked.gone)
                look = look._replace(after=asked[-1])
                await asyncio.to_thread(self._store.looks.mark_look, name, source, look)
        if left:
            log.info("%s: %d tweets are looked at another day, the budget does not suffice", name, len(left))
            return dropped
        # What was looked at first has been known for longest.
        await asyncio.to_thread(self._store.looks.mark_checked, name, source, look.since)
        await asyncio.to_thread(self._store.looks.mark_look, name, source, None)
        return dropped

    async def _charge(self, posts: int) -> None:
        await asyncio.to_thread(self._reads.charge, posts)

    async def _check_bluesky(self, name: str, did: str) -> int:
        try:
            return (await self._from_bluesky(name, did)).dropped
        except NoAccount as error:
            if not error.gone:
                raise
        source = bluesky.source_of(did)
        dropped = await asyncio.to_thread(
            self._store.drop, name, {tweet.id for tweet in await self._tweets(name, source)}
        )
        await self._mark(name, source)
        return dropped

    def _x(self) -> AbstractAsyncContextManager[XClient]:
        if not self._settings.x_api:
            raise Misconfigured(
                "Reading X is off, because X's rules list training on what its API gives among what is prohibited; "
                "use the person's archive, or set [collecting] x_api = true if X has allowed it to you.",
                for_people="I do not read X, because its rules prohibit learning from what it gives to programs; use "
                "the person's archive.",
            )
        token = self._settings.x_bearer_token
        if not token:
            raise Misconfigured(
                f"Reading X needs a bearer token; put it into the environment as {self._settings.x_bearer_token_env}."
            )
        credentials = Credentials(bearer_token=token.get_secret_value())
        return XClient(credentials, api_url=self._settings.x_api_url, patience=self._patience)

    async def _tweets(self, name: str, source: str = "") -> list[Tweet]:
        tweets = await asyncio.to_thread(self._store.tweets, name)
        return [tweet for tweet in tweets if not source or tweet.source == source]

    async def _sources(self, name: str) -> list[str]:
        """Where tweets of `name` can be asked for again; files of other sites cannot."""
        tweets = await self._tweets(name)
        return sorted({tweet.source for tweet in tweets if tweet.source.startswith(("x:", "bluesky:"))})

    async def _mark(self, name: str, source: str) -> None:
        await asyncio.to_thread(self._store.looks.mark_checked, name, source, datetime.now(UTC))

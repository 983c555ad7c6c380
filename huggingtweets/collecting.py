"""Tweets from a far end into the store: what is new there comes, and what was deleted there goes.

Knows how an origin is written (`x:HANDLE`, `bluesky:HANDLE`), which client reads it, and when deletions were last
looked for. Does not know HTTP, schedules, or who pays.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from huggingtweets.config import Collecting, Settings
from huggingtweets.errors import Misconfigured
from huggingtweets.owners import parse_owned
from huggingtweets.records import Tweet
from huggingtweets.sources import bluesky, x_api
from huggingtweets.tweet_store import TweetStore
from huggingtweets.upstream import NoAccount, Patience
from huggingtweets.x_client import Credentials, XClient

Kind = Literal["x", "bluesky"]
# X's limits start anew every quarter of an hour; whoever collects has the time to wait for that.
PATIENCE = Patience(attempts=6, first_seconds=1.0, longest_seconds=960.0)
Charge = Callable[[int], Awaitable[None]]  # told how many posts of X will be read at most; may refuse by raising


async def _free(_: int) -> None:
    return None


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
    """`x:nasa` or `bluesky:ann.bsky.social`; None for anything else, which is a path. Raises `Usage`."""
    kind, colon, handle = text.partition(":")
    if colon and kind == "x":
        return Origin("x", x_api.parse_handle(handle))
    if colon and kind == "bluesky":
        return Origin("bluesky", bluesky.parse_handle(handle))
    return None


class Collector:
    """Reads origins into the store of `settings`."""

    def __init__(self, settings: Settings, *, patience: Patience = PATIENCE, charge: Charge = _free):
        self._settings: Collecting = settings.collecting
        self._store = TweetStore(settings.tweets)
        self._patience = patience
        self._charge = charge

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
                    await self.check(name)
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
                    await self.check(name)
                raise
            new, dropped = new + got.new, dropped + got.dropped
            if kind == "x":
                dropped += await self._check_x(name, source)
        return Gathered(new, dropped)

    async def gather(self, name: str, sources: Sequence[str]) -> list[str]:
        """Read what is new of everybody in `name`, at the origins among `sources` or where it was read before.

        Returns the other sources, which are paths. An origin may say whose it is, as in `nasa=x:nasa`.
        """
        handles = name.split("-")
        remote: dict[str, list[Origin]] = {}
        paths: list[str] = []
        for source in sources:
            owned = parse_owned(source, name)
            if origin := parse_origin(str(owned.path)):
                remote.setdefault(owned.handle or handles[0], []).append(origin)
            else:
                paths.append(source)
        for handle in handles:
            await (self.collect(handle, remote[handle]) if handle in remote else self.refresh(handle))
        return paths

    async def check(self, name: str) -> int:
        """Drop the tweets of `name` that are gone where they came from; how many. Raises like `collect`."""
        dropped = 0
        for source in await self._sources(name):
            kind, _, who = source.partition(":")
            if kind == "x":
                dropped += await self._check_x(name, source)
            else:
                dropped += await self._check_bluesky(name, who)
        return dropped

    def due(self, now: datetime | None = None) -> list[str]:
        """Whose sources were not asked for longer than `check_hours`."""
        latest = (now or datetime.now(UTC)) - timedelta(hours=self._settings.check_hours)
        return [name for name, sources in self._store.checked().items() if any(at < latest for at in sources.values())]

    async def _check_if_due(self, name: str) -> int:
        return await self.check(name) if name in await asyncio.to_thread(self.due) else 0

    async def _from_x(self, name: str, handle: str, user_id: str = "") -> Gathered:
        async with self._x() as client:
            await self._charge(1)  # the account itself is a read, too
            user = await x_api.find(client, handle, user_id)
            source = x_api.source_of(user.id)
            known = [int(tweet.id) for tweet in await self._tweets(name, source)]
            since_id = str(max(known)) if known else None
            collected = await x_api.read(
                client, user, since_id=since_id, most=self._settings.max_posts, charge=self._charge
            )
        new = await asyncio.to_thread(self._store.merge, name, collected)
        if source not in self._store.checked().get(name, {}):
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

    async def _check_x(self, name: str, source: str) -> int:
        ids = [tweet.id for tweet in await self._tweets(name, source)]
        async with self._x() as client:
            gone = await x_api.gone(client, ids, charge=self._charge)
        dropped = await asyncio.to_thread(self._store.drop, name, gone)
        await self._mark(name, source)
        return dropped

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
                "use the person's archive, or set [collecting] x_api = true if X has allowed it to you."
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
        return sorted({tweet.source for tweet in await self._tweets(name) if tweet.source})

    async def _mark(self, name: str, source: str) -> None:
        await asyncio.to_thread(self._store.mark_checked, name, source, datetime.now(UTC))

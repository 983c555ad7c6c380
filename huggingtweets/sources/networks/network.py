"""What every network does for a collection: it reads what is new, and finds out what was deleted there.

Knows the kept tweets, and the sources that they are marked with (`x:12`). Does not know any network: one class knows
each.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from huggingtweets.core.config.settings import CollectingSettings
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import Patience
from huggingtweets.remote.x_reads import XReads
from huggingtweets.tweets.kept.looks import Look
from huggingtweets.tweets.kept.tweet_store import TweetStore


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a collection gave: the number of new ids, and of tweets that were dropped because they are gone there."""

    new: int = 0
    dropped: int = 0

    def __add__(self, other: "Gathered") -> "Gathered":
        return Gathered(self.new + other.new, self.dropped + other.dropped)


@dataclass(frozen=True, slots=True)
class Source:
    """An account at a network, by the id that outlives a change of its handle."""

    network: str
    id: str

    def __str__(self) -> str:
        """How the tweets of this account are marked."""
        return f"{self.network}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Source":
        network, _, id_ = text.partition(":")
        return cls(network, id_)


class KeptTweets:
    """The tweet store, used from other threads, so that the event loop never waits for the disk."""

    def __init__(self, store: TweetStore):
        self.store = store

    async def tweets(self, name: str, source: Source | None = None) -> list[Tweet]:
        """The tweets of `name`, or of these only the ones that came from `source`."""
        tweets = await asyncio.to_thread(self.store.tweets, name)
        return [tweet for tweet in tweets if not source or tweet.source == str(source)]

    async def merge(self, name: str, collected: Collected) -> int:
        return await asyncio.to_thread(self.store.merge, name, collected)

    async def drop(self, name: str, ids: Collection[str]) -> int:
        return await asyncio.to_thread(self.store.drop, name, ids)

    async def checked(self) -> dict[str, dict[str, datetime]]:
        return await asyncio.to_thread(self.store.looks.checked)

    async def mark_checked(self, name: str, source: Source, at: datetime | None = None) -> None:
        """Note that `source` was asked which tweets are still there, now or `at` a moment before."""
        await asyncio.to_thread(self.store.looks.mark_checked, name, str(source), at or datetime.now(UTC))

    async def look(self, name: str, source: Source) -> Look | None:
        return await asyncio.to_thread(self.store.looks.look, name, str(source))

    async def mark_look(self, name: str, source: Source, look: Look | None) -> None:
        await asyncio.to_thread(self.store.looks.mark_look, name, str(source), look)


@dataclass(frozen=True, slots=True)
class Means:
    """What networks work with. Each takes what it needs."""

    settings: CollectingSettings
    kept: KeptTweets
    patience: Patience
    x_reads: XReads  # what reading X has cost


class Network(Protocol):
    """One network. Every method but `parse_handle` and `shortfall` raises what `upstream` draws."""

    name: ClassVar[str]  # how its origins and sources begin, such as `x` in `x:nasa`

    def __init__(self, means: Means): ...

    @staticmethod
    def parse_handle(text: str) -> str:
        """The handle that somebody wrote, as this network knows it. Raises `Usage`."""

    async def read(self, name: str, handle: str) -> Gathered:
        """Add what is new at the account `handle` to the tweets of `name`.

        A network that always gives all posts also drops what is gone there.
        """

    async def read_on(self, name: str, source: Source) -> Gathered:
        """The same for an account that tweets of `name` were read from before."""

    async def check(self, name: str, source: Source, *, at_any_price: bool = False) -> int:
        """Drop the tweets of `name` that are gone at `source`. Returns how many."""

    def shortfall(self) -> Phrase:
        """Why deletions there are not seen within a day: a sentence with the costs, or empty if they are."""

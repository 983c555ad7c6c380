"""Tweets from networks into the store: what is new there comes, and what was deleted there goes.

Knows how an origin is written (`x:HANDLE`, `bluesky:HANDLE`, `@USER@SERVER`), which networks there are, and when it is
time to look for deletions. Does not know HTTP, schedules, or how the money is counted.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import NoAccount, Patience
from huggingtweets.remote.x_reads import XReads
from huggingtweets.sources.networks.bluesky_network import BlueskyNetwork
from huggingtweets.sources.networks.mastodon_network import MastodonNetwork
from huggingtweets.sources.networks.network import Gathered, KeptTweets, Means, Network, Source
from huggingtweets.sources.networks.whole_feed import WholeFeed
from huggingtweets.sources.networks.x_network import XNetwork
from huggingtweets.sources.owners import parse_owned
from huggingtweets.tweets.kept.tweet_store import TweetStore

# X's limits start anew every quarter of an hour. Whoever collects has the time to wait for that.
PATIENCE = Patience(attempts=6, first_seconds=1.0, longest_seconds=960.0)
NETWORKS: tuple[type[Network], ...] = (XNetwork, BlueskyNetwork, MastodonNetwork)
_MASTODON = re.compile(r"@[^\s@/\\:]+@[^\s@/\\:]+")  # nobody else writes a handle so


@dataclass(frozen=True, slots=True)
class Origin:
    """Where tweets are read. `handle` is valid as far as can be told without asking."""

    network: str
    handle: str


def parse_origin(text: str) -> Origin | None:
    """`x:nasa`, `bluesky:ann.bsky.social` or `@ann@mastodon.social`; None for anything else, which is a path.

    `mastodon:` may stand before a handle of Mastodon. If there is a file of that name, the file is meant.
    Raises `Usage`.
    """
    network, handle = _network_in(text)
    return Origin(network.name, network.parse_handle(handle)) if network else None


def paths_among(sources: Sequence[str], voice: VoiceName) -> list[str]:
    """Those of `sources` that are no accounts at networks. A source may say whose it is, as in `nasa=x:nasa`."""
    return [source for source in sources if not _network_in(parse_owned(source, voice).written)[0]]


def _network_in(text: str) -> tuple[type[Network] | None, str]:
    """The network that `text` names, and the handle as it is written there."""
    written = f"{MastodonNetwork.name}:{text}" if _MASTODON.fullmatch(text) else text
    name, colon, handle = written.partition(":")
    network = next((network for network in NETWORKS if network.name == name), None) if colon else None
    return (None, "") if network and _is_there(text) else (network, handle)


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or with a NUL character
        return False


class Collector:
    """Reads origins into the store of `settings`."""

    def __init__(self, settings: Settings, *, patience: Patience = PATIENCE, reads: XReads | None = None):
        self._check_every = timedelta(hours=settings.collecting.check_hours)
        self._store = TweetStore(settings.tweets)
        self._kept = KeptTweets(self._store)
        means = Means(settings.collecting, self._kept, patience, reads or XReads(settings))
        self._networks = {network.name: network(means) for network in NETWORKS}

    async def collect(self, name: str, origins: Sequence[Origin]) -> Gathered:
        """Add what is new at `origins` to the tweets of `name`; drop what is gone there, if it is time to look.

        Raises `Misconfigured` for X while it is off, `Forgotten`, and what `upstream` draws.
        """
        gathered = Gathered()
        for origin in origins:
            async with self._gone_is_dropped(name):
                gathered += await self._networks[origin.network].read(name, origin.handle)
        return gathered + Gathered(dropped=await self.check(name, due_only=True))

    async def refresh(self, name: str) -> Gathered:
        """Read what is new where tweets of `name` were collected before, and drop what is gone there.

        Raises like `collect`. Nobody is asked anything if all tweets came out of files.
        """
        gathered = Gathered()
        for source in await self._sources(name):
            async with self._gone_is_dropped(name):
                gathered += await self._networks[source.network].read_on(name, source)
        return gathered + Gathered(dropped=await self.check(name, due_only=True))

    @asynccontextmanager
    async def _gone_is_dropped(self, name: str) -> AsyncIterator[None]:
        """If an account turns out to be gone in the block, drop its tweets from `name` before the error is raised."""
        try:
            yield
        except NoAccount as error:
            if error.gone:
                await self.check(name, at_any_price=True)
            raise

    async def gather(self, voice: VoiceName, sources: Sequence[str]) -> list[str]:
        """Read what is new of everybody in `voice`, at the origins among `sources` or where it was read before.

        Returns the other sources, which are paths. An origin may say whose it is, as in `nasa=x:nasa`.
        """
        remote: dict[str, list[Origin]] = {}
        paths: list[str] = []
        for source in sources:
            owned = parse_owned(source, voice)
            if origin := parse_origin(owned.written):
                remote.setdefault(owned.handle or voice.handles[0], []).append(origin)
            else:
                paths.append(source)
        for handle in voice.handles:
            await (self.collect(handle, remote[handle]) if handle in remote else self.refresh(handle))
        return paths

    async def check(self, name: str, *, due_only: bool = False, at_any_price: bool = False) -> int:
        """Drop the tweets of `name` that are gone where they came from. Returns how many. Raises like `collect`.

        With `due_only`, only those sources are asked for which it is time. With `at_any_price`, a network that costs
        money is asked as far as the month's budget goes, and not only today's part of it; the next look goes on from
        there.
        """
        dropped = 0
        waiting = _late(await self._kept.checked(), self._latest()).get(name, {})
        for source in await self._sources(name):
            if not due_only or str(source) in waiting:
                dropped += await self._networks[source.network].check(name, source, at_any_price=at_any_price)
        return dropped

    def due(self, now: datetime | None = None) -> list[str]:
        """Whose sources were not asked for longer than `check_hours`, the one that has waited longest first."""
        waiting = _late(self._store.looks.checked(), self._latest(now))
        return sorted(waiting, key=lambda name: min(waiting[name].values()))

    def _latest(self, now: datetime | None = None) -> datetime:
        """It is time to ask a source again that was asked before this moment."""
        return (now or datetime.now(UTC)) - self._check_every

    async def sources(self, name: str) -> list[str]:
        """Where tweets of `name` were ever read, such as `x:12`; empty if all of them came out of files."""
        checked = (await self._kept.checked()).get(name, {})
        return sorted({*checked, *map(str, await self._sources(name))})

    def shortfall(self) -> Phrase:
        """Why deletions at a network are not seen within a day: a sentence with the costs, or empty if they are."""
        return Phrase.joined(" ", (network.shortfall() for network in self._networks.values()))

    async def _sources(self, name: str) -> list[Source]:
        """Where tweets of `name` can be asked for again. Files of other sites cannot."""
        marks = sorted({tweet.source for tweet in await self._kept.tweets(name)})
        checked = (await self._kept.checked()).get(name, {})
        sources = [source for source in map(Source.parse, marks) if source.network in self._networks]
        return [source for source in sources if str(source) in checked or not self._is_in_exports(source)]

    def _is_in_exports(self, source: Source) -> bool:
        """Returns True if an export marks its posts in the same way, so that they may never have been read there.

        Then nobody is asked. Somebody may give an export because their account or their server is no more.
        """
        return isinstance(self._networks[source.network], WholeFeed)


def _late(checked: Mapping[str, Mapping[str, datetime]], latest: datetime) -> dict[str, dict[str, datetime]]:
    """The sources that were last asked before `latest`, with when that was, by account."""
    late = {name: {source: at for source, at in sources.items() if at < latest} for name, sources in checked.items()}
    return {name: sources for name, sources in late.items() if sources}

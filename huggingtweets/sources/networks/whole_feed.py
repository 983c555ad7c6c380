"""A network that gives all public posts of an account each time, so what is missing was deleted there.

Knows how far back a feed was read. Does not know HTTP, or what a post looks like: each network has a class for that.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from huggingtweets.core.records import Collected, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import NoAccount
from huggingtweets.sources.networks.network import Gathered, Means, Source


class WholeFeed(ABC):
    """Reads feeds. A network says by `page` how many posts come at once, and by `feed` how they come."""

    name: ClassVar[str]
    page: ClassVar[int]

    def __init__(self, means: Means):
        self._settings, self._kept, self._patience = means.settings, means.kept, means.patience

    @staticmethod
    @abstractmethod
    def parse_handle(text: str) -> str: ...

    @abstractmethod
    async def feed(self, handle: str, most: int) -> Collected:
        """The newest `most` posts of the account, which may be named by the id of its source. There is at least one."""

    async def read(self, name: str, handle: str) -> Gathered:
        tweets = await self._kept.tweets(name)
        # The kept tweets must be within reach, or they would look deleted.
        most = max(self._settings.max_posts, len(tweets) + self.page)
        collected = await self.feed(handle, most)
        source = Source.parse(collected.tweets[0].source)
        new = await self._kept.merge(name, collected)
        of_source = [tweet for tweet in tweets if tweet.source == str(source)]
        dropped = await self._kept.drop(name, _gone(of_source, collected, is_cut=len(collected.tweets) >= most))
        await self._kept.mark_checked(name, source)
        return Gathered(new, dropped)

    async def read_on(self, name: str, source: Source) -> Gathered:
        return await self.read(name, source.id)

    async def check(self, name: str, source: Source, *, at_any_price: bool = False) -> int:
        """Read the feed again. Asking costs nothing, so `at_any_price` changes nothing."""
        try:
            return (await self.read_on(name, source)).dropped
        except NoAccount as error:
            if not error.gone:
                raise
        dropped = await self._kept.drop(name, {tweet.id for tweet in await self._kept.tweets(name, source)})
        await self._kept.mark_checked(name, source)
        return dropped

    def shortfall(self) -> Phrase:
        return Phrase()


def _gone(tweets: Sequence[Tweet], collected: Collected, *, is_cut: bool) -> set[str]:
    """The ids of `tweets` that a feed lacks. A feed that was cut off says nothing of what is older than its end."""
    there = {tweet.id for tweet in collected.tweets}
    oldest = min((tweet.created_at for tweet in collected.tweets if tweet.created_at), default=None)
    within = [tweet for tweet in tweets if not (is_cut and oldest) or (tweet.created_at and tweet.created_at >= oldest)]
    return {tweet.id for tweet in within} - there

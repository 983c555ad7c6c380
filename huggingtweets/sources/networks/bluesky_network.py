"""Bluesky as a place to collect from. Does not know HTTP, or what a post of Bluesky's looks like (`bluesky`)."""

from typing import ClassVar

from huggingtweets.core.records import Collected
from huggingtweets.sources.networks import bluesky
from huggingtweets.sources.networks.json_answers import JSONServers
from huggingtweets.sources.networks.whole_feed import WholeFeed


class BlueskyNetwork(WholeFeed):
    """Reads feeds through the public AppView."""

    name: ClassVar[str] = "bluesky"
    page: ClassVar[int] = bluesky.PAGE

    @staticmethod
    def parse_handle(text: str) -> str:
        return bluesky.parse_handle(text)

    async def feed(self, handle: str, most: int) -> Collected:
        """A DID is taken like a handle."""
        async with JSONServers(bluesky.BLUESKY) as servers:
            reader = bluesky.Bluesky(servers, self._settings.bluesky_url, self._patience)
            return await reader.read(handle, most=most)

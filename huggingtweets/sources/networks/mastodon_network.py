"""Mastodon as a place to collect from. Does not know HTTP, or what a post of Mastodon's looks like (`mastodon_api`)."""

from typing import ClassVar

from huggingtweets.core.records import Collected
from huggingtweets.sources.networks import mastodon_api
from huggingtweets.sources.networks.whole_feed import WholeFeed


class MastodonNetwork(WholeFeed):
    """Asks the server of each account, without a key."""

    name: ClassVar[str] = "mastodon"
    page: ClassVar[int] = mastodon_api.PAGE

    @staticmethod
    def parse_handle(text: str) -> str:
        return mastodon_api.parse_handle(text)

    async def feed(self, handle: str, most: int) -> Collected:
        url = self._settings.mastodon_url
        async with mastodon_api.servers_at(url) as servers:
            return await mastodon_api.MastodonServers(servers, url, self._patience).read(handle, most=most)

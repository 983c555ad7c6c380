"""How much a post may hold on each network: whether a text has room there.

Knows how X, Bluesky and Mastodon count. Does not know labels, checks, or who asks.
"""

from collections.abc import Callable

import regex

from huggingtweets.generation.checks import MAX_WEIGHT, weighted_length

MAX_GRAPHEMES = 300  # of a post on Bluesky, by its lexicon app.bsky.feed.post
MAX_BYTES = 3_000
MASTODON_CHARACTERS = 500  # where a server says nothing else

Room = Callable[[str], bool]


def room_on_x(text: str) -> bool:
    """Returns True if `text` has at most 280 characters as X counts them."""
    return weighted_length(text) <= MAX_WEIGHT


def room_on_bluesky(text: str) -> bool:
    """Returns True if `text` has at most 300 graphemes and 3,000 bytes of UTF-8."""
    return graphemes(text) <= MAX_GRAPHEMES and len(text.encode("utf-8", "surrogatepass")) <= MAX_BYTES


class RoomOnMastodon:
    """Says whether a text has room on one server, whose limit is `characters`; a content warning counts as well.

    `characters` is changed once the server was asked.
    """

    def __init__(self, content_warning: str = "", characters: int = MASTODON_CHARACTERS):
        self._taken = graphemes(content_warning)
        self.characters = characters

    def __call__(self, text: str) -> bool:
        return graphemes(text) + self._taken <= self.characters


def graphemes(text: str) -> int:
    """The number of characters as people see them: an emoji counts as one, however many code points it has."""
    return len(regex.findall(r"\X", text))

"""A place to post to: an account on a network, with what queue and outbox must know of it.

Knows names and lengths. Does not know how anything is sent there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.post_text.room import Room, room_on_x
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

X, BLUESKY, MASTODON = "X", "Bluesky", "Mastodon"
NAMELESS = "x"  # the account on X if the settings do not name it


@dataclass(frozen=True, slots=True)
class Place:
    """An account on a network.

    `account` is its name in the database, which no other place has: a handle on X, `bluesky:ann.bsky.social`,
    `mastodon:ann@example.social`. `has_room` says which texts are short enough.
    """

    network: str
    account: str
    has_room: Room = room_on_x

    @property
    def handle(self) -> str:
        """The account as people know it, without the network."""
        return self.account.partition(":")[2] or self.account

    @property
    def label(self) -> str:
        """The network and the account as people know them."""
        return label_of(self.account)

    @property
    def subject(self) -> str:
        """What a pause of posting here is filed under."""
        return self.account if ":" in self.account else f"x:{self.account}"

    def is_on(self, networks: Iterable[str]) -> bool:
        """Returns True if it is on one of `networks`, in any case."""
        return self.network.casefold() in {name.casefold() for name in networks}

    def act(self, verb: str) -> str:
        """What an act of an admin here is called in the audit, such as `x.approve`."""
        return f"{self.network.lower()}.{verb}"


def parse_networks(text: str) -> list[str]:
    """Returns the networks that somebody has written, such as `x, bluesky`, each once. Raises `Usage` for another."""
    names = list(dict.fromkeys(re.findall(r"[^\s,;+&]+", text.casefold())))
    known = [name.casefold() for name in (X, BLUESKY, MASTODON)]
    if unknown := next((name for name in names if name not in known), ""):
        raise Usage(
            Phrase("I know no network called {network}; I know x, bluesky and mastodon.", network=quoted(unknown, 40))
        )
    return names


def written(networks: Iterable[str]) -> str:
    """Returns networks as people write them, for a sentence: "X, Bluesky and Mastodon"."""
    *names, last = (network_of(f"{name.casefold()}:") for name in networks)
    return f"{', '.join(names)} and {last}" if names else last


def network_of(account: str) -> str:
    """Returns which network an account in the database is on."""
    network = account.partition(":")[0] if ":" in account else "x"
    return {"bluesky": BLUESKY, "mastodon": MASTODON}.get(network, X)


def label_of(account: str) -> str:
    """Returns an account in the database as people know it: "X as @ann", or "X" if the settings name no account."""
    if account == NAMELESS:
        return X
    return f"{network_of(account)} as @{account.partition(':')[2] or account}"


def on_x(account: str) -> Place:
    """The place of an account on X."""
    return Place(X, account)

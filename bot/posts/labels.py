"""Whether an account carries its network's label for automated accounts, asked as anybody may ask, without keys.

Knows the label of each network, and where it is told. Does not know who asks, or what follows.
"""

from collections.abc import Callable
from typing import Any

from bot.core.config import BlueskySettings, MastodonSettings

SECONDS = 5.0


def bluesky_label(settings: BlueskySettings) -> bool | None:
    """Returns True if the account has the self-label "bot", or None if that cannot be told now."""
    record = {"repo": settings.account, "collection": "app.bsky.actor.profile", "rkey": "self"}

    def has_it(answer: Any) -> bool:
        return any(value["val"] == "bot" for value in (answer["value"].get("labels") or {}).get("values", []))

    return _asked(f"{settings.url}/xrpc/com.atproto.repo.getRecord", record, has_it)


def mastodon_label(settings: MastodonSettings) -> bool | None:
    """Returns True if the account's bot flag is on, or None if that cannot be told now."""
    lookup = f"{settings.url}/api/v1/accounts/lookup"
    return _asked(lookup, {"acct": settings.account}, lambda answer: answer["bot"] is True)


def _asked(url: str, parameters: dict[str, str], read: Callable[[Any], bool]) -> bool | None:
    # Imported only where an account is asked about.
    import httpx

    try:
        return read(httpx.get(url, params=parameters, timeout=SECONDS).raise_for_status().json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError):
        return None

"""Accounts of other networks, as people write them: who mentioned the bot there may ask an admin to be forgotten.

Knows how networks name people. Does not know what is kept of anybody.
"""

import re

from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

LONGEST = 300
_KINDS = (
    re.compile(r"x:\d{1,25}", re.ASCII),
    re.compile(r"bluesky:did:[a-z]+:[\w.:%-]+", re.ASCII),
    re.compile(r"mastodon:\w[\w.-]*@[\w-]+(\.[\w-]+)+"),
)


def parse_stranger(text: str) -> str:
    """Returns an account in the form in which the bot keeps it. Raises `Usage` for what is none."""
    account = text.strip()[:LONGEST]
    if account.startswith("did:"):
        account = f"bluesky:{account}"
    elif account.count("@") == 2 and account.startswith("@"):
        account = f"mastodon:{account[1:]}"
    account = account.lower() if account.casefold().startswith("mastodon:") else account
    if any(kind.fullmatch(account) for kind in _KINDS):
        return account
    raise Usage(
        Phrase(
            "That is no account that I can look for. Write it as in @ann@example.social for Mastodon, did:plc:abc for "
            "Bluesky, or x:12 with the number of an account on X."
        )
    )

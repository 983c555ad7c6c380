"""How sources mark whose a text is: `whatsapp:ann keeper`, `telegram:user5`, `bluesky:did:plc:abc`.

Whoever only spoke in somebody else's chat, or was answered by somebody, has neither a voice nor a handle here. Such a
person is named by the mark.

Knows marks. Does not know tweets, or what is done with a person.
"""

import hashlib
from dataclasses import dataclass

from huggingtweets.core.people.names import VoiceName, without_at

SITES = frozenset({
    "bluesky", "discord", "facebook", "instagram", "mastodon", "reddit", "telegram", "threads", "whatsapp",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marked:
    """A person who is named by a mark. `name` is what their tombstone is called: it says nothing about them."""

    name: VoiceName
    accounts: frozenset[str]


def parse_mark(text: str) -> Marked | None:
    """Returns whom `whatsapp:Ann Keeper` names; None for anything else, such as a handle."""
    site, colon, rest = text.partition(":")
    site, person = site.strip().casefold(), " ".join(rest.split())
    if not colon or site not in SITES or not person:
        return None
    plain = person.casefold()
    # A service knows a person by their number or name; an account by its handle, which an archive names.
    accounts = {f"{site}:{person}", f"{site}:{plain}", f"{site}:@{without_at(plain)}"}
    digest = hashlib.sha256(f"{site}:{plain}".encode()).hexdigest()
    return Marked(VoiceName(f"{site}_{digest[:16]}"), frozenset(accounts))

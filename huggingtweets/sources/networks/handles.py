"""What people type as a handle. Mistakes are found here, before a network is asked.

Knows strings. Does not know what each network allows in a handle.
"""

import re
from collections.abc import Sequence

from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import without_at
from huggingtweets.core.text.characters import emoji_in
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted
from huggingtweets.sources.reading.addresses import parts_of

# The name of a host, whose last part begins with a letter: https://atproto.com/specs/handle
HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE
)
_SHOWN = 60

# Why an account cannot be read, and what can be done about it.
UNKNOWN = Phrase("is unknown")
SUSPENDED = Phrase("is suspended")
CHECK_THE_HANDLE = Phrase("check how the handle is written, or whether it was changed")
CHOOSE_WHO_HAS_POSTED = Phrase("choose an account that has posted")
ASK_ITS_OWNER = Phrase("ask its owner for an export of their posts")
ONLY_FROM_ITS_OWNER = Phrase("its posts can only come from its owner")


def bare_handle(text: str, prefix: str, hosts: Sequence[str]) -> str:
    """`text` without its `@`. Raises `Usage` for nothing, a whole address, or emoji."""
    handle = without_at(text)
    if not handle:
        raise Usage(Phrase("A handle is missing after {network}:; write it as in {network}:name.", network=prefix))
    if "/" in handle:
        raise whole_address(text, _meant(handle, prefix, hosts))
    if emoji_in(handle):
        raise Usage(
            Phrase(
                "{handle} has an emoji, as display names have and no handle; write what follows the @.",
                handle=quoted(text),
            )
        )
    return handle


def half_a_handle(text: str, network: str, whole: str) -> Usage:
    """The refusal of a handle that lacks its server. `whole` is what it may be."""
    return Usage(
        Phrase(
            "{handle} is half a handle of {network}; write it whole, as in {whole}.",
            handle=quoted(text),
            network=network,
            whole=whole,
        )
    )


def whole_address(text: str, meant: str) -> Usage:
    """The refusal of an address. `meant` is the handle in it, if it is one of a profile."""
    address = quoted(text)
    if meant:
        return Usage(
            Phrase("{address} is a whole address; write the handle alone, here {meant}.", address=address, meant=meant)
        )
    return Usage(Phrase("{address} is a whole address; write the handle alone.", address=address))


def _meant(address: str, prefix: str, hosts: Sequence[str]) -> str:
    """Returns the handle in the address of a profile; empty if there is none."""
    parts = parts_of(address if "://" in address else f"//{address}")
    steps = [step for step in parts.path.split("/") if step and step != "profile"]
    if (parts.hostname or "").removeprefix("www.").removeprefix("mobile.") in hosts and steps:
        return f"{prefix}:{without_at(steps[0])[:_SHOWN]}"
    return ""

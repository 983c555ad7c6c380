"""What people type as a handle. Mistakes are found here, before a network is asked.

Knows strings. Does not know what each network allows in a handle.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from huggingtweets.core.errors import Usage
from huggingtweets.core.names import without_at
from huggingtweets.core.text import emoji_in

_SHOWN = 60


def bare_handle(text: str, prefix: str, hosts: Sequence[str]) -> str:
    """`text` without its `@`. Raises `Usage` for nothing, a whole address, or emoji."""
    handle = without_at(text)
    if not handle:
        raise Usage(f"A handle is missing after {prefix}:; write it as in {prefix}:name.")
    if "/" in handle:
        raise Usage(f"{text[:_SHOWN]!r} is a whole address; write the handle alone{_meant(handle, prefix, hosts)}.")
    if emoji_in(handle):
        raise Usage(f"{text[:_SHOWN]!r} has an emoji, as display names have and no handle; write what follows the @.")
    return handle


def _meant(address: str, prefix: str, hosts: Sequence[str]) -> str:
    """A hint with the handle in the address of a profile; empty if there is none."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    steps = [step for step in parts.path.split("/") if step and step != "profile"]
    if (parts.hostname or "").removeprefix("www.").removeprefix("mobile.") in hosts and steps:
        return f", here {prefix}:{without_at(steps[0])[:_SHOWN]}"
    return ""

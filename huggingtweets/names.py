"""What a model may be called: the lower-case handles of its people, sorted and joined by `-`, as on the Hub.

Knows strings. A name that passes here is safe as a folder.
"""

import re
from collections.abc import Iterable

from huggingtweets.errors import Usage

_HANDLE = re.compile(r"[a-z0-9_]{1,30}")


def parse_handle(text: str) -> str:
    """`@NASA` as `nasa`; raises `Usage` for what cannot be a handle."""
    handle = text.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise Usage(f"{text[:60]!r} is not a name: use up to 30 letters, digits and _, as in a handle.")
    return handle


def parse_name(text: str) -> str:
    """`@NeilTyson-NASA` as `nasa-neiltyson`; raises `Usage` for what cannot be a model's name."""
    return join_handles(parse_handle(part) for part in text.split("-"))


def join_handles(handles: Iterable[str]) -> str:
    """The name of the model that several people make."""
    return "-".join(sorted(set(handles)))

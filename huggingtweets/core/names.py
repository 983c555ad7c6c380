"""What a model may be called: the lower-case handles of its people, sorted and joined by `-`, as on the Hub.

Knows strings. A name that passes here is safe as a folder.
"""

import re
from collections.abc import Iterable

from huggingtweets.core.errors import Usage

MAX_CHARACTERS = 200  # file systems allow 255, of which the registry needs some
_AROUND = " \t\r\n,;:!?…\"'“”‘’«»„()`~"  # what people write around a name
_HANDLE = re.compile(r"[a-z0-9_]{1,30}")


def parse_handle(text: str) -> str:
    """`@NASA,` as `nasa`; raises `Usage` for what cannot be a handle."""
    handle = text.strip(_AROUND).removeprefix("@").rstrip(".").lower()
    if not _HANDLE.fullmatch(handle):
        raise Usage(f"{text[:60]!r} is not a name: use up to 30 letters, digits and _, as in a handle.")
    return handle


def parse_name(text: str) -> str:
    """`@NeilTyson-NASA` as `nasa-neiltyson`; raises `Usage` for what cannot be a model's name."""
    name = join_handles(parse_handle(part) for part in text.split("-"))
    if len(name) > MAX_CHARACTERS:
        raise Usage(f"{name[:60]}… is too long for a name: join fewer people.")
    return name


def people_in(voice: str) -> frozenset[str]:
    """Everybody in a model or a blend, `ann-bob+0.5*cat`, and the models that are blended."""
    models = {part.rpartition("*")[2] for part in voice.split("+")}
    return frozenset(models | {handle for model in models for handle in model.split("-")})


def join_handles(handles: Iterable[str]) -> str:
    """The name of the model that several people make."""
    return "-".join(sorted(set(handles)))

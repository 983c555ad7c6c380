"""The picture of a person on the page: the one that the operator has put there, or else letters on a colour.

Knows names, and a folder of pictures. Does not know voices.
"""

from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core.people.hues import hue_of
from huggingtweets.core.people.monogram import monogram

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Face:
    """A person as the page shows them. `hue` is the colour behind the `letters`, from 0 to 359."""

    handle: str
    name: str
    letters: str
    hue: int
    has_picture: bool = False


def face_of(handle: str, display_name: str = "", avatars: Path | None = None) -> Face:
    """The face of one person. It looks for a file if `avatars` is given."""
    name = display_name.strip() or handle
    has_picture = avatars is not None and picture_of(handle, avatars) is not None
    return Face(handle, name, monogram(name, handle), hue_of(handle), has_picture)


def picture_of(handle: str, avatars: Path) -> Path | None:
    """The file with a person's picture, if there is one. `handle` must be the name of a voice of one person."""
    return next((path for ending in MEDIA_TYPES if (path := avatars / f"{handle}{ending}").is_file()), None)

"""A zip or a folder: which service's archive lies in it.

Knows the archives there are. Does not know what is in their files: one module reads each.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from huggingtweets.records import Collected
from huggingtweets.sources import classic_archive, discord_package, mastodon_archive, x_archive
from huggingtweets.sources.members import LIMITS, FolderMembers, Limits, Members, opened_zip

_ARCHIVES: tuple[tuple[Callable[[Iterable[str]], bool], Callable[[Members], Collected]], ...] = (
    (x_archive.is_in, x_archive.read),
    (classic_archive.is_in, classic_archive.read),
    (mastodon_archive.is_in, mastodon_archive.read),
    (discord_package.is_in, discord_package.read),
)


def read_zip(path: Path, limits: Limits = LIMITS) -> Collected:
    """The tweets of the archive that the zip at `path` is."""
    with opened_zip(path, limits) as members:
        return read(members)


def read_folder(path: Path, limits: Limits = LIMITS) -> Collected:
    """The tweets of the archive that is unpacked at `path`."""
    return read(FolderMembers(path, limits))


def read(members: Members) -> Collected:
    """The tweets of the archive that `members` are; raises `BadSource` where there is none."""
    names = members.names()
    reading = next((read for is_in, read in _ARCHIVES if is_in(names)), x_archive.read)
    return reading(members)

"""A zip, a tar archive or a folder: which service's archive it is, or that it holds a table.

Knows which archives there are. Does not know what is in their files: each kind has a module that reads it.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from huggingtweets.core.records import Collected
from huggingtweets.sources import single_table
from huggingtweets.sources.archives import (
    classic_archive,
    discord_package,
    mastodon_archive,
    meta_export,
    reddit,
    x_archive,
)
from huggingtweets.sources.reading.members import LIMITS, ArchiveLimits, ArchiveMembers, FolderMembers, opened_zip
from huggingtweets.sources.reading.tar_members import opened_tar
from huggingtweets.sources.tables import table
from huggingtweets.sources.tables.named_columns import AS_FOUND, NamedColumns

_ARCHIVES: tuple[tuple[Callable[[Iterable[str]], bool], Callable[[ArchiveMembers], Collected]], ...] = (
    (x_archive.is_in, x_archive.read),
    (classic_archive.is_in, classic_archive.read),
    (mastodon_archive.is_in, mastodon_archive.read),
    (discord_package.is_in, discord_package.read),
    (meta_export.is_in, meta_export.read),
    (reddit.is_in, reddit.read),
)


def read_zip(
    path: Path, limits: ArchiveLimits = LIMITS, names: Collection[str] = (), columns: NamedColumns = AS_FOUND
) -> Collected:
    """The tweets of the archive, or of the only table, in the zip at `path`.

    `names` and `columns` are as in `sources.read`.
    """
    with opened_zip(path, limits) as members:
        single_table.refuse_workbook(members)
        return read(members, names, columns)


def read_tar(
    path: Path, limits: ArchiveLimits = LIMITS, names: Collection[str] = (), columns: NamedColumns = AS_FOUND
) -> Collected:
    """The tweets of the archive, or of the only table, in the tar archive at `path`."""
    with opened_tar(path, limits) as members:
        return read(members, names, columns)


def read_folder(
    path: Path, limits: ArchiveLimits = LIMITS, names: Collection[str] = (), columns: NamedColumns = AS_FOUND
) -> Collected:
    """The tweets of the archive that is unpacked at `path`, or of the only table there."""
    return read(FolderMembers(path, limits), names, columns)


def read(members: ArchiveMembers, names: Collection[str] = (), columns: NamedColumns = AS_FOUND) -> Collected:
    """The tweets in `members`. Raises `BadSource` if there are none."""
    files = members.names()
    reading = next((read for is_in, read in _ARCHIVES if is_in(files)), None)
    if reading:
        return reading(members)
    if document := single_table.found(members):
        return table.read_document(document, names, columns)
    single_table.refuse_pages(members)
    return x_archive.read(members)

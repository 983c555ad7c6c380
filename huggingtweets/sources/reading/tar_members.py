"""The named files of a tar archive, packed by gzip or not. Mastodon gave its archives in this form until 2023.

To reach a file, everything before it must be unpacked, so there is a limit for that. Nothing is extracted to the disk.
Does not know what an archive of posts consists of.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.files import GET_AGAIN, GIB, ByteBudget, Metered, explained, shown
from huggingtweets.sources.reading.members import (
    ENDINGS,
    LIMITS,
    UNLIKE_ARCHIVES,
    UNPACK,
    ArchiveLimits,
    ArchiveMembers,
)

MAX_UNPACKED = 16 * GIB  # with all its pictures and films
_DAMAGE = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)


def is_tar(path: Path) -> bool:
    """Returns True if the file at `path` is a tar archive, packed by gzip or not."""
    try:
        with explained(path), tarfile.open(path, "r:*") as archive:
            return archive.next() is not None
    except (*_DAMAGE, BadSource, ValueError):
        return False


class TarMembers(ArchiveMembers):
    """The scripts and tables in a tar archive, which `opened_tar` opens."""

    kind = "tar archive"

    def __init__(self, path: Path, archive: tarfile.TarFile, limits: ArchiveLimits, max_unpacked: int):
        self.path = path
        self._archive = archive
        self._budget = ByteBudget(path, limits.total_bytes)
        self._members = {info.name.removeprefix("./"): info for info in self._checked(max_unpacked)}

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._members))

    def has_pages(self) -> bool:
        return False  # no service packs pages so

    def _checked(self, max_unpacked: int) -> Iterator[tarfile.TarInfo]:
        """The files with one of `ENDINGS`. Links and devices are not files."""
        with _whole(self.path):
            while info := self._archive.next():
                if info.offset_data + info.size > max_unpacked:
                    why = f"it unpacks to more than the {max_unpacked:,} bytes that are looked through"
                    raise BadSource(self.path, why, UNPACK, told=Phrase("it is larger than I can read"))
                name = PurePosixPath(info.name)
                if name.is_absolute() or ".." in name.parts:
                    why = f"its member {shown(info.name)} leads out of the archive"
                    raise BadSource(self.path, why, GET_AGAIN, told=UNLIKE_ARCHIVES)
                if info.isreg() and info.name.lower().endswith(ENDINGS):
                    yield info

    @contextmanager
    def binary(self, name: str) -> Iterator[Metered]:
        info, what = self._members[name], f"its {shown(name)}"
        self._budget.allow(info.size, what)
        with explained(self.path, what), _whole(self.path):
            stream = self._archive.extractfile(info)  # only a view of its bytes; nothing is written
            assert stream, "checked to be a file"

            def read(size: int) -> bytes:
                with _whole(self.path):
                    return stream.read(size)

            yield Metered(read, self._budget, what)


@contextmanager
def opened_tar(path: Path, limits: ArchiveLimits = LIMITS, max_unpacked: int = MAX_UNPACKED) -> Iterator[TarMembers]:
    """The members of the tar archive at `path`, open for as long as the block runs."""
    with explained(path), _whole(path):
        archive = tarfile.open(path, "r:*")  # noqa: SIM115  closed below
    with archive:
        yield TarMembers(path, archive, limits, max_unpacked)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Turn each error of the library that means a damaged archive into a `BadSource`."""
    try:
        yield
    except _DAMAGE as error:
        raise BadSource(path, Phrase("it is a broken or incomplete tar archive"), GET_AGAIN) from error

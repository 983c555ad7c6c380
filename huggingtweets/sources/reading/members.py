"""The named files of a folder or of a zip, read one by one and never extracted.

Knows what a hostile, broken or unusual zip looks like, and refuses it in a sentence. Does not know what an archive of
tweets consists of.
"""

import errno
import re
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.files import GET_AGAIN, GIB, ByteBudget, Metered, as_text, explained, shown

ENDINGS = (".js", ".json", ".csv", ".jsonl", ".ndjson", ".tsv", ".txt", ".gz")  # files with other endings are not read
_PAGES = (".html", ".htm")
_DEEPEST = 4  # folders, as in archive/data/js/tweets
_OF_PICTURES = ("media", "media_attachments", "attachments", "assets")
_NOT_OF_PICTURES = "your_instagram_activity"  # in an export of Instagram, the folder media in this one holds the posts
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # other methods may need any amount of memory for one step
# What zipfile raises, besides BadZipFile, for damaged bytes: found by damaging whole archives at random in the tests.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError, OverflowError)
_DRIVE = re.compile(r"[A-Za-z]:/")
UNPACK = Phrase("unpack it and give the folder instead")
_DISTRUST = Phrase("do not trust it, download your archive again")
UNLIKE_ARCHIVES = Phrase("it is not built as archives are")


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much is read of one archive in all, and how many times its packed size a file may have when unpacked.

    Files of real archives unpack to 9 to 13 times their size, a made-up one that only says BONG to 41 times, zeros to
    1,000 times.
    """

    total_bytes: int = 2 * GIB
    ratio: int = 250


LIMITS = ArchiveLimits()


class ArchiveMembers(ABC):
    """The files of an archive, wherever it lies. Names are relative, with `/`."""

    path: Path  # the archive itself, to be named in errors
    kind: str  # what the archive is: a folder, a zip file

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The files with one of `ENDINGS`, in the order of their names."""

    @abstractmethod
    def has_pages(self) -> bool:
        """Returns True if it holds pages in HTML."""

    @abstractmethod
    def binary(self, name: str) -> AbstractContextManager[Metered]:
        """The bytes of one of `names()`."""

    @contextmanager
    def text(self, name: str) -> Iterator[TextIO]:
        """The text of one of `names()`."""
        with self.binary(name) as binary, as_text(binary) as text:
            yield text


class FolderMembers(ArchiveMembers):
    """The scripts and tables in a folder and in the folders inside it, except in those with pictures."""

    kind = "folder"

    def __init__(self, path: Path, limits: ArchiveLimits = LIMITS):
        self.path = path
        self._budget = ByteBudget(path, limits.total_bytes)

    def names(self) -> tuple[str, ...]:
        with explained(self.path, "the folder"):
            files = _read(self.path, ENDINGS, _DEEPEST)
            return tuple(sorted(file.relative_to(self.path).as_posix() for file in files))

    def has_pages(self) -> bool:
        with explained(self.path, "the folder"):
            return any(_read(self.path, _PAGES, _DEEPEST))

    @contextmanager
    def binary(self, name: str) -> Iterator[Metered]:
        file, what = self.path / name, f"its {shown(name)}"
        if not file.resolve().is_relative_to(self.path.resolve()):
            why, told = f"{what} is a link that leads out of the folder", Phrase("a file in it lies somewhere else")
            raise BadSource(self.path, why, Phrase("put the file itself there"), told=told)
        with explained(self.path, what), file.open("rb") as binary:
            self._budget.allow(file.stat().st_size, what)
            yield Metered(binary.read, self._budget, what)


def _read(folder: Path, endings: tuple[str, ...], deeper: int) -> Iterator[Path]:
    """The files with one of `endings` in `folder`, and in folders inside it, `deeper` levels down."""
    for entry in folder.iterdir():
        if entry.is_file():
            if entry.name.lower().endswith(endings):
                yield entry
        elif deeper and entry.is_dir() and not _is_of_pictures(entry):
            yield from _read(entry, endings, deeper - 1)


def _is_of_pictures(folder: Path) -> bool:
    return folder.name.lower().endswith(_OF_PICTURES) and folder.parent.name != _NOT_OF_PICTURES


class ZipMembers(ArchiveMembers):
    """The scripts and tables in a zip, which `opened_zip` opens."""

    kind = "zip file"

    def __init__(self, path: Path, archive: zipfile.ZipFile, limits: ArchiveLimits):
        self.path = path
        self._archive = archive
        self._limits = limits
        self._budget = ByteBudget(path, limits.total_bytes)
        self._scripts = dict(self._checked(archive.infolist()))

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._scripts))

    def _checked(self, infos: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        """The scripts by name. Raises `BadSource` if a name leads out of the zip, or if a script is there twice."""
        names: set[str] = set()
        for info in infos:
            name = info.filename.replace("\\", "/")
            if name.startswith("/") or _DRIVE.match(name) or ".." in PurePosixPath(name).parts:
                why = f"its member {shown(name)} leads out of the archive"
                raise BadSource(self.path, why, _DISTRUST, told=UNLIKE_ARCHIVES)
            if name.lower().endswith(ENDINGS):
                if name in names:
                    told = Phrase("it holds a file twice")
                    raise BadSource(self.path, f"it holds {shown(name)} twice", GET_AGAIN, told=told)
                names.add(name)
                yield name, info

    def everything(self) -> tuple[str, ...]:
        """The names of all files in the zip, including those that are not read."""
        return tuple(self._archive.namelist())

    def has_pages(self) -> bool:
        return any(name.lower().endswith(_PAGES) for name in self.everything())

    @contextmanager
    def binary(self, name: str) -> Iterator[Metered]:
        info, what = self._scripts[name], f"its {shown(name)}"
        self._refuse_unreadable(info, what)
        with _whole(self.path):
            stream = self._archive.open(info)

        def read(size: int) -> bytes:
            with _whole(self.path):
                return stream.read(size)

        with stream, explained(self.path, what):
            yield Metered(read, self._budget, what)

    def _refuse_unreadable(self, info: zipfile.ZipInfo, what: str) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise BadSource(self.path, f"{what} is encrypted", UNPACK, told=Phrase("it is locked with a password"))
        if info.compress_type not in _METHODS:
            told = Phrase("it is packed in an unusual way")
            raise BadSource(self.path, f"{what} is packed in an unusual way", UNPACK, told=told)
        self._budget.allow(info.file_size, what)
        if info.file_size > self._limits.ratio * max(1, info.compress_size):
            why = f"{what} unpacks to more than {self._limits.ratio} times its size, as a zip bomb does"
            raise BadSource(self.path, why, _DISTRUST, told=UNLIKE_ARCHIVES)


@contextmanager
def opened_zip(path: Path, limits: ArchiveLimits = LIMITS) -> Iterator[ZipMembers]:
    """The members of the zip at `path`, open for as long as the block runs."""
    with explained(path), _whole(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield ZipMembers(path, archive, limits)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Turn each error of the library that means a damaged zip into a `BadSource`."""
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        # Damaged bytes may point to a place that the file does not have (EINVAL). Other errors come from the disk.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise BadSource(path, Phrase("it is a broken or incomplete zip file"), GET_AGAIN) from error

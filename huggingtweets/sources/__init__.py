"""Where tweets come from: a file or a folder on disk, in any form.

Knows how to tell the forms apart. Does not know what is in them: each form has a module that reads it. Every refusal is
a `BadSource`: one sentence that names the file, what is wrong and what to do.
"""

import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.sources import containers
from huggingtweets.sources.archives import classic_archive, x_archive
from huggingtweets.sources.reading.files import ACCEPTED, explained, head_of, shown
from huggingtweets.sources.reading.tar_members import is_tar
from huggingtweets.sources.tables import table

__all__ = ["read", "read_each"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
_USTAR, _USTAR_AT = b"ustar", 257  # how a tar archive is marked, and where
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF89a": "a GIF picture",
    b"GIF87a": "a GIF picture",
    b"%PDF-": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel document",
    b"BZh91AY": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"7z\xbc\xaf": "a 7-Zip file",
    b"Rar!\x1a": "a RAR file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"SQLite format 3\0": "an SQLite database",
    b"PAR1\x15": "a Parquet table",
}


def read(path: Path, names: Collection[str] = ()) -> Collected:
    """The tweets at `path`, and whose they are if it says so. Of several people, only the one in `names` is read."""
    if "\0" in str(path):
        raise BadSource(shown(str(path)), "this is no path", "check it", told="there is no such file")
    with explained(path):
        mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return containers.read_folder(path, names=names)
    if not stat.S_ISREG(mode):
        raise BadSource(path, "it is neither a file nor a folder", f"give {ACCEPTED}")
    return _read_file(path, head_of(path), names)


def read_each(paths: Sequence[Path], names: Collection[str] = ()) -> list[Collected]:
    """The tweets at each of `paths`, which are all one person's. `names` are that person's names, as in `read`.

    Raises `BadSource` when two name different accounts.
    """
    sources = [read(path, names) for path in paths]
    account = next((source.account for source in sources if source.account), None)
    for path, source in zip(paths, sources, strict=True):
        if account and source.account and source.account.handle.casefold() != account.handle.casefold():
            why = f"it is by @{shown(source.account.handle, 30)}, but another file is by @{shown(account.handle, 30)}"
            raise BadSource(path, why, "give each person's files to a model of their own")
    return sources


def _read_file(path: Path, head: bytes, names: Collection[str]) -> Collected:
    """The tweets of the file that begins with `head`. Its content decides what it is, before its name does."""
    if not head:
        raise BadSource(path, "it is empty", "get it again")
    if head.startswith(_ZIP):
        return containers.read_zip(path, names=names)
    if (head.startswith(_GZIP) or head[_USTAR_AT:].startswith(_USTAR)) and is_tar(path):
        return containers.read_tar(path, names=names)
    foreign = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise BadSource(path, f"it is {foreign}", f"give {ACCEPTED}")
    ending = path.suffix.lower()
    if classic_archive.is_script(head.decode("utf-8-sig", "replace")):
        return classic_archive.read_script(path)
    if ending == ".js" or x_archive.is_script(head.decode("utf-8-sig", "replace")):
        return x_archive.read_script(path)
    if ending == ".zip":
        raise BadSource(path, "it is called a zip file but is none", "download it again")
    return table.read(path, names=names)

"""Where tweets come from: a file or a folder on disk, in any form.

Knows how to tell the forms apart. Does not know what is in them: each form has a module that reads it. Every refusal is
a `BadSource`: one sentence that names the file, what is wrong and what to do.
"""

import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources import containers
from huggingtweets.sources.archives import bluesky_repository, classic_archive, x_archive
from huggingtweets.sources.reading.files import (
    GET_AGAIN,
    GIVE_ACCEPTED,
    NAME_ANOTHER,
    explained,
    foreign_form,
    head_of,
    shown,
)
from huggingtweets.sources.reading.tar_members import is_tar
from huggingtweets.sources.tables import table
from huggingtweets.sources.tables.named_columns import AS_FOUND, NamedColumns

__all__ = ["read", "read_each", "refuse_different_accounts"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
_USTAR, _USTAR_AT = b"ustar", 257  # how a tar archive is marked, and where
_FOREIGN = {  # the names of these forms are the same in all languages
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF89a": "GIF",
    b"GIF87a": "GIF",
    b"%PDF-": "PDF",
    b"\xd0\xcf\x11\xe0": "Word 97 / Excel 97",
    b"BZh91AY": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!\x1a": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"SQLite format 3\0": "SQLite",
    b"PAR1\x15": "Parquet",
}


def read(path: Path, names: Collection[str] = (), columns: NamedColumns = AS_FOUND) -> Collected:
    """The tweets at `path`, and whose they are if it says so. Of several people, only the one in `names` is read.

    `columns` say what the columns of a table mean, as far as somebody has said so.
    """
    if "\0" in str(path):
        raise BadSource(shown(str(path)), "this is no path", NAME_ANOTHER, told=Phrase("there is no such file"))
    with explained(path):
        mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return containers.read_folder(path, names=names, columns=columns)
    if not stat.S_ISREG(mode):
        raise BadSource(path, Phrase("it is neither a file nor a folder"), GIVE_ACCEPTED)
    return _read_file(path, head_of(path), names, columns)


def read_each(paths: Sequence[Path], names: Collection[str] = ()) -> list[Collected]:
    """The tweets at each of `paths`, which are all one person's. `names` are that person's names, as in `read`.

    Raises `BadSource` when two name different accounts.
    """
    sources = [read(path, names) for path in paths]
    refuse_different_accounts(paths, sources)
    return sources


def refuse_different_accounts(paths: Sequence[Path], sources: Sequence[Collected]) -> None:
    """Raises `BadSource` if two of `sources`, which lie at `paths`, name different accounts.

    People may have another name at each site, so only accounts of one site are compared, or of unknown ones.
    """
    accounts: list[Account] = []
    for path, source in zip(paths, sources, strict=True):
        if source.account is None:
            continue
        for other in accounts:
            if _differ(source.account, other):
                why = Phrase(
                    "it is by @{handle}, but another file is by @{other}",
                    handle=shown(source.account.handle, 30),
                    other=shown(other.handle, 30),
                )
                raise BadSource(path, why, Phrase("give each person's files to a voice of their own"))
        accounts.append(source.account)


def _differ(one: Account, other: Account) -> bool:
    is_comparable = not one.site or not other.site or one.site == other.site
    return is_comparable and one.handle.casefold() != other.handle.casefold()


def _read_file(path: Path, head: bytes, names: Collection[str], columns: NamedColumns) -> Collected:
    """The tweets of the file that begins with `head`. Its content decides what it is, before its name does."""
    if not head:
        raise BadSource(path, Phrase("it is empty"), GET_AGAIN)
    if head.startswith(_ZIP):
        return containers.read_zip(path, names=names, columns=columns)
    if (head.startswith(_GZIP) or head[_USTAR_AT:].startswith(_USTAR)) and is_tar(path):
        return containers.read_tar(path, names=names, columns=columns)
    if bluesky_repository.is_repository(head):
        return bluesky_repository.read(path)
    foreign = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise BadSource(path, foreign_form(foreign), GIVE_ACCEPTED)
    ending = path.suffix.lower()
    if classic_archive.is_script(head.decode("utf-8-sig", "replace")):
        return classic_archive.read_script(path)
    if ending == ".js" or x_archive.is_script(head.decode("utf-8-sig", "replace")):
        return x_archive.read_script(path)
    if ending == ".zip":
        raise BadSource(path, Phrase("it is called a zip file but is none"), GET_AGAIN)
    return table.read(path, names=names, columns=columns)

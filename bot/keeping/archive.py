"""The form of a backup: plain files one after the other, as tar has them, with a list of their hashes at the end.

Nothing in it is compressed, so no backup unpacks into more than it is. A backup is written and read from the beginning
to the end, so it can be encrypted on the way. Only plain files with plain names are taken out of it.

Knows bytes, names and hashes. Does not know what the files mean, or where they go.
"""

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from huggingtweets.core.errors import BadFile

BLOCK = tarfile.BLOCKSIZE
PIECE = 1 << 20
FACTS, CONTENTS = "backup.json", "contents.json"  # the first file, and the last one
LONG = "long-names"  # a folder of files whose names tar has no room for
MOST_BYTES_OF_A_LIST = 64 << 20
MOST_BYTES_OF_A_NAME = 2_000
MOST_OCTAL = 8**11  # beyond this a size has the form of GNU tar
# Letters of any language may be in the name of a picture. What a path is made of, and what a terminal obeys, may not.
_PLAIN_PART = re.compile(r"[^/\\\x00-\x1f\x7f:]{1,255}")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass
class Archived:
    """Files that are put into a backup: `add` gives their bytes, and `end` those of the list of them."""

    hashes: dict[str, str] = field(default_factory=dict)
    _long_names: int = 0

    def add_bytes(self, name: str, content: bytes) -> Iterator[bytes]:
        """The bytes of a small file."""
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        yield from self._begin(name, len(content))
        yield content
        yield _padding(len(content))

    def add(self, name: str, path: Path) -> Iterator[bytes]:
        """The bytes of the file at `path`. Raises `FileNotFoundError` before the first byte if it is gone."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield from self._begin(name, size)
            left = size
            while left:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise BadFile(path, "it became shorter while it was read", "make the backup again")
                digest.update(piece)
                left -= len(piece)
                yield piece
            yield _padding(size)
        self.hashes[name] = digest.hexdigest()

    def _begin(self, name: str, size: int) -> Iterator[bytes]:
        """The header of a file. A name that has no room in it is a file of its own before."""
        try:
            yield _header(name, size)
        except ValueError:
            self._long_names += 1
            alias, content = f"{LONG}/{self._long_names}", name.encode()
            yield from (_header(f"{alias}.name", len(content)), content, _padding(len(content)), _header(alias, size))

    def drop(self, name: str) -> None:
        """Leave a file out of the list. Whoever reads the backup then passes it over."""
        self.hashes.pop(name, None)

    def end(self) -> Iterator[bytes]:
        """The list of all files, and the end."""
        yield from self.add_bytes(CONTENTS, json.dumps(self.hashes).encode())
        yield bytes(2 * BLOCK)


def is_plain(start: bytes) -> bool:
    """Returns True if a file that begins like this is a backup without a passphrase."""
    try:
        return tarfile.TarInfo.frombuf(start[:BLOCK], "utf-8", "strict").name == FACTS
    except (tarfile.HeaderError, UnicodeDecodeError):
        return False


def unpack(backup: Path, stream: Readable, place: Callable[[str], Path], took: Callable[[int], None]) -> list[str]:
    """Write every file of `backup`, read from `stream`, to where `place` says. Returns their names.

    `took` is told of the bytes as they come. Raises `BadFile` if the backup is cut off, damaged, or holds what no
    backup holds. What was written until then stays for the caller to delete.
    """
    taken: dict[str, str] = {}
    wanted: Mapping[str, object] = {}
    for name, size in _members(backup, stream):
        if name in taken:
            raise _damaged(backup, "a file is in it twice")
        if name == CONTENTS:
            wanted = _listed(backup, stream, size)
            break
        digest = hashlib.sha256()
        with _new_file(backup, name, place) as file:
            for piece in _pieces(backup, stream, size):
                digest.update(piece)
                file.write(piece)
                took(len(piece))
        taken[name] = digest.hexdigest()
    else:
        raise _damaged(backup, "its end is missing")
    _end(backup, stream)
    for name in taken.keys() - wanted.keys():
        _remove(place(name))
    if any(taken.get(name) != digest for name, digest in wanted.items()):
        raise _damaged(backup, "a file in it is not as it was")
    return sorted(wanted)


def _remove(path: Path) -> None:
    """Delete a file, and the folders that are empty then."""
    path.unlink()
    with suppress(OSError):  # of the first one that is not empty
        for folder in path.parents:
            folder.rmdir()


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a file's name. Raises `ValueError` if it is no plain relative path."""
    parts = tuple(name.split("/"))
    if any(not _PLAIN_PART.fullmatch(part) or part in (".", "..") for part in parts):
        raise ValueError("it is no plain name")
    return parts


def _new_file(backup: Path, name: str, place: Callable[[str], Path]) -> BinaryIO:
    try:
        path = place(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except (ValueError, FileExistsError, NotADirectoryError) as error:
        raise _damaged(backup, f"{name} does not belong into one") from error


def _members(backup: Path, stream: Readable) -> Iterator[tuple[str, int]]:
    """The name and size of each file. Its bytes must be read before the next one is asked for."""
    long_name = ""
    for name, size in _headers(backup, stream):
        if re.fullmatch(rf"{LONG}/[0-9]+\.name", name) and size <= MOST_BYTES_OF_A_NAME and not long_name:
            long_name = b"".join(_pieces(backup, stream, size)).decode(errors="replace")
            continue
        yield (long_name if re.fullmatch(rf"{LONG}/[0-9]+", name) else name), size
        long_name = ""


def _headers(backup: Path, stream: Readable) -> Iterator[tuple[str, int]]:
    while True:
        block = _exactly(backup, stream, BLOCK)
        if not block.strip(b"\0"):
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
            parts_of(member.name)
        except (tarfile.HeaderError, ValueError) as error:
            raise _damaged(backup, f"a name in it cannot be read: {error}") from error
        if member.type != tarfile.REGTYPE or member.size < 0:
            raise _damaged(backup, "it holds something else than plain files")
        yield member.name, member.size


def _listed(backup: Path, stream: Readable, size: int) -> Mapping[str, object]:
    if size > MOST_BYTES_OF_A_LIST:
        raise _damaged(backup, "its list of files is too long")
    try:
        listed = json.loads(b"".join(_pieces(backup, stream, size)))
    except (ValueError, RecursionError) as error:
        raise _damaged(backup, "its list of files cannot be read") from error
    if not isinstance(listed, dict):
        raise _damaged(backup, "its list of files cannot be read")
    return listed


def _pieces(backup: Path, stream: Readable, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = _exactly(backup, stream, min(PIECE, left))
        left -= len(piece)
        yield piece
    _exactly(backup, stream, len(_padding(size)))


def _exactly(backup: Path, stream: Readable, size: int) -> bytes:
    pieces: list[bytes] = []
    while size:
        piece = stream.read(size)
        if not piece:
            raise _damaged(backup, "it is cut off")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _end(backup: Path, stream: Readable) -> None:
    """Read to the end: only there an encrypted file shows that it is whole."""
    if _exactly(backup, stream, 2 * BLOCK).strip(b"\0") or stream.read(1):
        raise _damaged(backup, "something stands behind its end")


def _damaged(backup: Path, why: str) -> BadFile:
    return BadFile(backup, f"it is damaged, or no backup of this software: {why}", "take another backup")


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    if size < MOST_OCTAL or len(name.encode()) > tarfile.LENGTH_NAME:
        return member.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)

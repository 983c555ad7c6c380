"""A folder as a zip that is made while it is sent. Nothing is kept in memory or on the disk for it.

Knows zip files. Does not know what is in the folder.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PIECE = 1 << 20  # bytes that are read at once


class _Pieces(io.RawIOBase):
    """A file that nobody can go back in. It keeps what was written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = bytes(self._written)
        self._written.clear()
        return piece


def zipped(folder: Path, name: str) -> Iterator[bytes]:
    """The pieces of a zip in which the files of `folder` lie in a folder `name`. Weights do not get smaller."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            entry = zipfile.ZipInfo.from_file(path, f"{name}/{path.relative_to(folder).as_posix()}")
            with path.open("rb") as file, archive.open(entry, "w") as member:
                while piece := file.read(PIECE):
                    member.write(piece)
                    yield pieces.taken()
    yield pieces.taken()

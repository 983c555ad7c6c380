"""A backup behind a passphrase: encrypted as age does it, on the way to the file and on the way back.

The file begins with a line that says what it is. Then comes a key, which is encrypted with the passphrase (scrypt), and
then the backup, which is encrypted with the key (X25519 and ChaCha20-Poly1305, in pieces). A piece that was changed,
moved or left out is noticed.

Knows pyrage. Does not know what is encrypted, or where the passphrase comes from.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage

from bot.keeping.archive import Readable
from huggingtweets.core.errors import BadFile

BEGINNING = b"huggingtweets backup, encrypted 1\n"
LENGTH_BYTES = 2  # of the length of the encrypted key


class _Reader:
    """`pieces` as a file to read. It keeps the error that ended the reading, because pyrage makes a text of it."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces, self._left = pieces, memoryview(b"")
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        """At most `size` bytes, and none at the end."""
        try:
            while not self._left:
                if (piece := next(self._pieces, None)) is None:
                    return b""
                self._left = memoryview(piece)
        except BaseException as error:
            self.error = error
            raise
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        return piece


class _Writer:
    """A file to write. It keeps the error that ended the writing."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.error: BaseException | None = None

    def write(self, piece: bytes) -> int:
        """Write all of `piece`."""
        try:
            self._file.write(piece)
        except BaseException as error:
            self.error = error
            raise
        return len(piece)

    def flush(self) -> None:
        """Nothing is left to write."""


def is_sealed(start: bytes) -> bool:
    """Returns True if a file that begins like this is a backup with a passphrase."""
    return start.startswith(BEGINNING)


def seal(pieces: Iterator[bytes], file: BinaryIO, passphrase: str) -> None:
    """Write `pieces` to `file`, encrypted. Raises whatever reading the pieces and writing the file raise."""
    key = pyrage.x25519.Identity.generate()
    locked = pyrage.passphrase.encrypt(str(key).encode(), passphrase)
    file.write(BEGINNING + len(locked).to_bytes(LENGTH_BYTES, "big") + locked)
    reader, writer = _Reader(pieces), _Writer(file)
    try:
        pyrage.encrypt_io(reader, writer, [key.to_public()])
    except Exception as error:
        raise (reader.error or writer.error or error) from error


@contextmanager
def opened(backup: Path, file: BinaryIO, passphrase: str) -> Iterator[Readable]:
    """What is in `file`, which is past its beginning, as a file to read.

    Raises `BadFile` if the passphrase is wrong, and when the block ends if anything in the file was changed.
    """
    key = _unlocked(backup, file, passphrase)
    read_end, write_end = os.pipe()
    failed: list[Exception] = []

    def decrypt() -> None:
        with os.fdopen(write_end, "wb", buffering=0) as out:
            writer = _Writer(out)
            try:
                pyrage.decrypt_io(file, writer, [key])
            except Exception as error:  # noqa: BLE001  it is raised where the pipe is read
                if not isinstance(writer.error, BrokenPipeError):
                    failed.append(error)

    thread = threading.Thread(target=decrypt, name="decrypt", daemon=True)
    thread.start()
    damaged = BadFile(backup, "it is damaged or cut off", "take another backup")
    try:
        with os.fdopen(read_end, "rb", buffering=0) as reader:
            yield reader
    except BadFile as error:
        thread.join()
        raise (damaged if failed else error) from error
    finally:
        thread.join()
    if failed:
        raise damaged from failed[0]


def _unlocked(backup: Path, file: BinaryIO, passphrase: str) -> "pyrage.x25519.Identity":
    length = int.from_bytes(file.read(LENGTH_BYTES), "big")
    locked = file.read(length)
    if not length or len(locked) < length:
        raise BadFile(backup, "it is cut off", "take another backup")
    try:
        return pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(locked, passphrase).decode())
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError) as error:
        raise BadFile(backup, "the passphrase does not open it", "give the one that it was made with") from error

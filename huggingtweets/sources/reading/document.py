"""One text, wherever it lies: in a file, in a file that gzip has packed, or in a zip.

Knows how to open it, several times if need be, and which encoding it has. Does not know what the text means.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.encoding import Encoding, detect
from huggingtweets.sources.reading.files import GET_AGAIN, MAX_BYTES, ByteBudget, Metered, explained

_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b"
_DAMAGE = (gzip.BadGzipFile, EOFError, zlib.error)

Read = Callable[[int], bytes]


@dataclass(frozen=True)
class Document:
    """A text. `path` is the file that the person gave, `name` the text's own name, `what` its name in a sentence."""

    path: Path
    name: str
    what: str
    reading: Callable[[], AbstractContextManager[Read]]
    max_bytes: int = MAX_BYTES

    @property
    def ending(self) -> str:
        """`.csv`, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @contextmanager
    def binary(self) -> Iterator[Metered]:
        """All its bytes. Raises `BadSource` if there are more than `max_bytes`."""
        with explained(self.path, self.what), self.reading() as read:
            yield Metered(read, ByteBudget(self.path, self.max_bytes), self.what)

    def encoding(self) -> Encoding:
        """The encoding of the text. To find out, the text is read once."""
        with self.binary() as binary:
            return detect(iter(partial(binary.read, _CHUNK), b""))

    @contextmanager
    def text(self, encoding: Encoding, newline: str | None = None) -> Iterator[TextIO]:
        """Its text."""
        with (
            self.binary() as binary,
            closing(io.BufferedReader(binary, _CHUNK)) as buffered,
            io.TextIOWrapper(buffered, encoding.name, encoding.errors, newline) as text,
        ):
            yield text


def of_file(path: Path, max_bytes: int = MAX_BYTES) -> Document:
    """The file at `path`, unpacked if gzip has packed it."""

    @contextmanager
    def reading() -> Iterator[Read]:
        with path.open("rb") as binary:
            ByteBudget(path, max_bytes).allow(path.stat().st_size, "the file")
            yield binary.read

    return unpacked(Document(path, path.name, "the file", reading, max_bytes))


def unpacked(document: Document) -> Document:
    """The document inside, if gzip has packed it."""
    with document.binary() as binary:
        if not (binary.read(len(_GZIP)) or b"").startswith(_GZIP):
            return document

    @contextmanager
    def reading() -> Iterator[Read]:
        with document.binary() as packed, gzip.GzipFile(fileobj=io.BufferedReader(packed)) as stream:

            def read(size: int) -> bytes:
                try:
                    return stream.read(size)
                except _DAMAGE as error:
                    why = f"{document.what} is a broken gzip file"
                    raise BadSource(document.path, why, GET_AGAIN, told=Phrase("it is damaged")) from error

            yield read

    name = document.name.removesuffix(".gz").removesuffix(".GZ")
    return replace(document, name=name, reading=reading)

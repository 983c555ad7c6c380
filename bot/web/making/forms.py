"""Forms with files: each file is written to the disk as it comes, so that a large one needs no memory.

Knows multipart/form-data. Does not know what the files are for.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from bot.web.frame.refusals import TooLarge, TooSlow
from huggingtweets.core.errors import Usage

MAX_FILES = 20
MAX_FIELDS = 40
MAX_FIELD_BYTES = 8 * 1024
MAX_NAME = 100
MEBIBYTE = 1 << 20
CHUNK_SECONDS = 30.0  # for a piece of a form to come
WHOLE_SECONDS = 1_800.0  # for all of it
_UNSAFE = re.compile(r"[^\w .()@+-]+")


@dataclass(slots=True)
class Form:
    """The fields of a form by name, and its files as they lie on the disk."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


async def receive(request: Request, folder: Path, max_bytes: int) -> Form:
    """The form in `request`, with its files in `folder`. Raises `Usage`: `TooLarge` for too many bytes,
    and `TooSlow`.

    What has come before an error stays in the folder.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Usage("This form came in a way that I cannot read. Reload the page and try again.")
    parts = _Parts(folder)
    parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
    received = 0
    try:
        async for chunk in _in_time(request.stream()):
            received += len(chunk)
            if received > max_bytes:
                raise TooLarge(f"That is more than the {max_bytes // MEBIBYTE:,} MB that I take. Send fewer files.")
            await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
    except FormParserError:
        raise Usage("This form was cut off on its way. Try again.") from None
    finally:
        parts.close()
    if not parts.is_whole:
        raise Usage("This form was cut off on its way. Try again.")
    return parts.form


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks. Raises `TooSlow` if one does not come for long, or if all of them take too long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + WHOLE_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(min(end, loop.time() + CHUNK_SECONDS)):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise TooSlow("Your files came too slowly. Try again, or send less at once.") from None
        if chunk is None:
            return
        yield chunk


def safe_name(name: str) -> str:
    """The name of a file as it was sent, without anything that could lead out of a folder."""
    last = name.replace("\\", "/").rpartition("/")[2]
    safe = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, ending = safe.rpartition(".")
    return (f"{stem[: MAX_NAME - 10]}{dot}{ending[:9]}" if dot else safe[:MAX_NAME]) or "file"


class _Parts:
    """Takes in the parts of a form one after the other."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.form = Form()
        self.is_whole = False
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._head_bytes = 0
        self._text = bytearray()
        self._file: IO[bytes] | None = None

    def callbacks(self) -> dict[str, object]:
        names = (
            "part_begin",
            "part_data",
            "part_end",
            "header_field",
            "header_value",
            "header_end",
            "headers_finished",
        )
        return {f"on_{name}": getattr(self, f"_{name}") for name in names} | {"on_end": self._end}

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _part_begin(self) -> None:
        self._headers, self._text, self._file = {}, bytearray(), None
        self._head_bytes = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._value += data[start:end]

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MAX_FIELD_BYTES:
            raise Usage("This form came in a way that I cannot read. Reload the page and try again.")

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode(errors="replace")
        if file_name := options.get(b"filename", b"").decode(errors="replace"):
            self._open(file_name)
        elif len(self.form.fields) >= MAX_FIELDS:
            raise Usage("This form has too many fields. Reload the page and try again.")

    def _open(self, name: str) -> None:
        if len(self.form.files) >= MAX_FILES:
            raise Usage(f"I take {MAX_FILES} files at once. Put more of them into one zip file.")
        path = self._folder / str(len(list(self._folder.glob("*")))) / safe_name(name)
        path.parent.mkdir(parents=True)
        self._file = path.open("wb")
        self.form.files.append(path)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self._file.write(data[start:end])
        elif len(self._text) + end - start > MAX_FIELD_BYTES:
            raise Usage("A field of this form is too long. Write less.")
        else:
            self._text += data[start:end]

    def _part_end(self) -> None:
        if self._file:
            self._file.close()
        elif b"filename=" not in self._headers.get(b"content-disposition", b""):
            # A browser sends an empty file where none was chosen.
            self.form.fields.setdefault(self._name, self._text.decode(errors="replace"))

    def _end(self) -> None:
        self.is_whole = True

"""A JSON array, one item at a time: a file of a gigabyte never lies in memory as a whole.

Knows JSON and lines. Does not know files, tweets or whom to tell: it raises `BrokenJSON`, which its caller explains.
"""

import json
import re
from collections.abc import Iterator
from typing import TextIO

CHUNK = 1 << 20  # characters read at once
MAX_ITEM = 1 << 24  # characters; a tweet takes some 3,000, with everything X knows about it

_BLANK = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


class BrokenJSON(ValueError):
    """What stands at `line` is no JSON, or not whole."""

    def __init__(self, line: int):
        super().__init__(f"broken JSON at line {line}")
        self.line = line


def decoded(text: str, line: int) -> object:
    """The value that `text`, which stands at `line`, is in JSON."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenJSON(line) from error
    return value


def items(stream: TextIO, begun: str = "") -> Iterator[tuple[int, object]]:
    """Each item of the array with the line it starts on; `begun` was read from `stream` before."""
    window = _Window(stream, begun)
    window.take("[")
    if window.peek() != "]":
        yield window.line, window.value()
        while window.peek() == ",":
            window.take(",")
            window.peek()
            yield window.line, window.value()
    window.take("]")
    if window.peek() == ";":
        window.take(";")
    if window.peek():
        raise BrokenJSON(window.line)


class _Window:
    """The part of the stream in memory, and how far it is read."""

    def __init__(self, stream: TextIO, text: str):
        self._stream = stream
        self._text = text
        self._at = 0
        self._counted = 0
        self._line = 1

    @property
    def line(self) -> int:
        """The line of the next character, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def peek(self) -> str:
        """The next character that is not blank, or nothing at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._refill():
                return ""

    def take(self, mark: str) -> None:
        """Go past `mark`, which must be next."""
        if self.peek() != mark:
            raise BrokenJSON(self.line)
        self._at += 1

    def value(self) -> object:
        """Go past the value that is next."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > MAX_ITEM or not self._refill():
                    raise BrokenJSON(self.line) from error
                continue
            # A number at the very end may go on in what is not read yet, after its `.` or `e-` even.
            if len(self._text) - end > 2 or not self._refill():
                self._at = end
                return value

    def _refill(self) -> bool:
        """Forget what is read, read on; whether there was more."""
        piece = self._stream.read(CHUNK)
        if piece:
            self._line = self.line
            self._text = self._text[self._at :] + piece
            self._at = self._counted = 0
        return bool(piece)

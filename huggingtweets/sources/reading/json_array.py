"""JSON of any length, one item at a time: a file of a gigabyte never lies in memory as a whole.

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
_LONGEST_WORD = 12  # characters; -Infinity, and the two halves of an escaped emoji


class BrokenJSON(ValueError):
    """What stands at `line` is no JSON; `is_cut_off` says that the text ends where more must come."""

    def __init__(self, line: int, *, is_cut_off: bool = False):
        super().__init__(f"broken JSON at line {line}")
        self.line = line
        self.is_cut_off = is_cut_off


class TooLong(BrokenJSON):
    """The value at `line` is longer than `MAX_ITEM`."""


def items(stream: TextIO, begun: str = "") -> Iterator[tuple[int, object]]:
    """Each item of the array with the line it starts on; `begun` was read from `stream` before."""
    window = Window(stream, begun)
    yield from window.items()
    if window.peek() == ";":
        window.take(";")
    if window.peek():
        raise BrokenJSON(window.line)


class Window:
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
        found = self.peek()
        if found != mark:
            raise BrokenJSON(self.line, is_cut_off=not found)
        self._at += 1

    def items(self) -> Iterator[tuple[int, object]]:
        """Go past the array that is next; each of its items with the line it starts on."""
        self.take("[")
        if self.peek() != "]":
            yield self.line, self.value()
            while self.peek() == ",":
                self.take(",")
                self.peek()
                yield self.line, self.value()
        self.take("]")

    def value(self) -> object:
        """Go past the value that is next."""
        return self._value(MAX_ITEM)

    def whole(self) -> object | None:
        """Go past the object that is next if it is short enough to be held as a whole; else stay, and return None."""
        try:
            return self._value(CHUNK)
        except TooLong:
            return None

    def _value(self, longest: int) -> object:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise BrokenJSON(self.line) from error
            except ValueError as error:
                self._go_on(error, longest)
                continue
            # A number at the very end may go on in what is not read yet, after its `.` or `e-` even.
            if len(self._text) - end > 2 or not self._refill():
                self._at = end
                return value

    def _go_on(self, error: ValueError, longest: int) -> None:
        """Read on, as the value may go on there; raises `BrokenJSON` if it does not, and `TooLong`."""
        if not self._ends(error, within=_LONGEST_WORD):
            raise BrokenJSON(self.line) from error
        if len(self._text) - self._at > longest:
            raise TooLong(self.line) from error
        if not self._refill():
            raise BrokenJSON(self.line, is_cut_off=self._ends(error, within=0)) from error

    def _ends(self, error: ValueError, within: int) -> bool:
        """Whether the failure is that the text ends: in its last characters, or inside a string."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text.rstrip()) - within

    def _refill(self) -> bool:
        """Forget what is read, read on; whether there was more."""
        piece = self._stream.read(CHUNK)
        if piece:
            self._line = self.line
            self._text = self._text[self._at :] + piece
            self._at = self._counted = 0
        return bool(piece)

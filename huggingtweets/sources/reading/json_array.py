"""JSON of any length, read one item at a time, so that a file of a gigabyte is never in memory as a whole.

Knows JSON and lines. Does not know files or tweets. Raises `BrokenJSON`, which the caller explains to people.
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
    """The text at `line` is not JSON. `is_cut_off` says that the text ends too early."""

    def __init__(self, line: int, *, is_cut_off: bool = False):
        super().__init__(f"broken JSON at line {line}")
        self.line = line
        self.is_cut_off = is_cut_off


class TooLong(BrokenJSON):
    """The value at `line` is longer than `MAX_ITEM`."""


def items(stream: TextIO, begun: str = "") -> Iterator[tuple[int, object]]:
    """Each item of the array, with the line on which it starts. `begun` is text that was read from `stream` before."""
    window = Window(stream, begun)
    yield from window.items()
    if window.peek() == ";":
        window.take(";")
    if window.peek():
        raise BrokenJSON(window.line)


class Window:
    """The part of the stream that is in memory, and how far it has been parsed."""

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
        """The next character that is not blank; empty at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._refill():
                return ""

    def take(self, mark: str) -> None:
        """Go past `mark`. Raises `BrokenJSON` if something else is next."""
        character = self.peek()
        if character != mark:
            raise BrokenJSON(self.line, is_cut_off=not character)
        self._at += 1

    def items(self) -> Iterator[tuple[int, object]]:
        """Go past the next array. Yields each of its items, with the line on which it starts."""
        self.take("[")
        if self.peek() != "]":
            yield self.line, self.value()
            while self.peek() == ",":
                self.take(",")
                self.peek()
                yield self.line, self.value()
        self.take("]")

    def value(self) -> object:
        """Go past the next value. Returns it."""
        return self._value(MAX_ITEM)

    def whole(self) -> object | None:
        """Go past the next object and return it, if it is short. If not, stay in front of it and return None."""
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
            # A number at the very end may continue in text that is not read yet, even after a `.` or `e-`.
            if len(self._text) - end > 2 or not self._refill():
                self._at = end
                return value

    def _go_on(self, error: ValueError, longest: int) -> None:
        """Read more text, because the value may continue there. Raises `BrokenJSON` if it cannot, and `TooLong`."""
        if not self._ends(error, within=_LONGEST_WORD):
            raise BrokenJSON(self.line) from error
        if len(self._text) - self._at > longest:
            raise TooLong(self.line) from error
        if not self._refill():
            raise BrokenJSON(self.line, is_cut_off=self._ends(error, within=0)) from error

    def _ends(self, error: ValueError, within: int) -> bool:
        """Returns True if parsing failed because the text ends there: in its last characters, or inside a string."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text.rstrip()) - within

    def _refill(self) -> bool:
        """Drop the parsed text and read more. Returns True if there was more."""
        piece = self._stream.read(CHUNK)
        if piece:
            self._line = self.line
            self._text = self._text[self._at :] + piece
            self._at = self._counted = 0
        return bool(piece)

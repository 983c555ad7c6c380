"""Files as text, within limits, and every refusal as one sentence.

Knows the errors of the operating system and how much is too much. Does not know what the text means.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import shown_path
from huggingtweets.sources.reading.encoding import detect
from huggingtweets.sources.reading.json_array import MAX_ITEM, BrokenJSON, TooLong

GIB = 1 << 30
MAX_BYTES = GIB  # of one file; the largest real export known to us has 4 MB
MAX_LINE = 1 << 20  # characters; a tweet's own row has at most some thousands

# What people can do about a file that cannot be used.
GIVE_ACCEPTED = Phrase(
    "give the archive that X or another service gave you (the zip as it is, or its folder), or a table or text of "
    "tweets (.csv, .tsv, .txt, .json or .jsonl)"
)
GET_AGAIN = Phrase("get it again")
NAME_ANOTHER = Phrase("name one that there is")
IN_SMALLER_PARTS = Phrase("give it in smaller parts")
ONE_BY_ONE = Phrase("give them one by one")
# What may be wrong with files of several forms.
SEVERAL_ARCHIVES = Phrase("it holds several archives")
OF_ACCOUNT_WITH_TWEETS = Phrase("give the archive of an account that has tweeted")
NO_TWEETS = Phrase("it holds no tweets")
BROKEN_TABLE = Phrase("one of the tables in it is damaged")
BROKEN_TWEET = Phrase("one of the tweets in it is damaged")
OWNER_UNREADABLE = Phrase("it is damaged, so I do not know whose it is")
TOO_MANY_POSTS = Phrase("it holds more posts than I can read at once")

_AS_UTF8 = Phrase("save it as UTF-8 and try again")
_BUFFER = 1 << 18


class ByteBudget:
    """How many bytes may still be read from `path`. Both declared sizes and bytes that really come are checked."""

    def __init__(self, path: Path, limit_bytes: int):
        self._path = path
        self._limit_bytes = limit_bytes
        self._left = limit_bytes

    def allow(self, declared_bytes: int, what: str) -> None:
        """Refuse `what` before it is opened, if its declared size is too large."""
        if declared_bytes > self._left:
            raise self._too_large(what)

    def spend(self, read_bytes: int, what: str) -> None:
        """Count the bytes that came. Refuse `what` once there are more than allowed."""
        self._left -= read_bytes
        if self._left < 0:
            raise self._too_large(what)

    def _too_large(self, what: str) -> BadSource:
        limit = f"{self._limit_bytes / GIB:g} GiB" if self._limit_bytes >= GIB else f"{self._limit_bytes:,} bytes"
        why = f"{what} is larger than the {limit} that are read"
        return BadSource(self._path, why, IN_SMALLER_PARTS, told=Phrase("it is larger than I can read"))


class Metered(io.RawIOBase):
    """A binary stream that spends a budget as it is read."""

    def __init__(self, read: Callable[[int], bytes], budget: ByteBudget, what: str):
        self._read = read
        self._budget = budget
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for every kind of buffer
        data = self._read(len(buffer))
        self._budget.spend(len(data), self._what)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def explained(path: Path, what: str = "the file") -> Iterator[None]:
    """Say in one sentence why `what` of `path` cannot be read."""
    try:
        yield
    except TooLong as error:
        why = f"{what} has more than {MAX_ITEM:,} characters in one piece at line {error.line}"
        told = Phrase("one piece of it, at line {line}, is far too long", line=error.line)
        raise BadSource(path, why, Phrase("write each tweet as an object of its own"), told=told) from error
    except BrokenJSON as error:
        raise _broken(path, what, error) from error
    except UnicodeError as error:
        told = Phrase("it is no text that I can read")
        raise BadSource(path, f"{what} is not UTF-8 text", _AS_UTF8, told=told) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadSource(
            path,
            "there is no such file",
            "check the path",
            for_people=Phrase("{file} is not there any more; give it again.", file=shown_path(path.name)),
        ) from error
    except PermissionError as error:
        raise BadSource(
            path,
            f"{what} may not be read by this user",
            "allow reading it (chmod u+r)",
            for_people=Phrase("I may not read {file}; whoever runs me has to allow it.", file=shown_path(path.name)),
        ) from error
    except OSError as error:
        why = f"{what} cannot be read ({error.strerror or error})"
        people = Phrase(
            "{file} cannot be read here; give it again, or ask whoever runs me.", file=shown_path(path.name)
        )
        raise BadSource(path, why, "check the path and the disk", for_people=people) from error


def _broken(path: Path, what: str, error: BrokenJSON) -> BadSource:
    if error.is_cut_off:
        why = f"{what} is cut off: its JSON ends in the middle, at line {error.line}"
        return BadSource(path, why, GET_AGAIN, told=Phrase("it is cut off: its end is missing"))
    why, told = f"{what} is no JSON at line {error.line}", Phrase("I cannot read it at line {line}", line=error.line)
    return BadSource(path, why, Phrase("save it as JSON again, or as CSV"), told=told)


@contextmanager
def as_text(metered: Metered, newline: str | None = None) -> Iterator[TextIO]:
    """`metered` as text. Its first bytes show if it is UTF-8, or UTF-16 with a mark or without."""
    with closing(io.BufferedReader(metered, _BUFFER)) as binary:
        head = binary.peek()
        encoding = detect([head]).name if b"\0" in head else "utf-8-sig"
        with io.TextIOWrapper(binary, encoding, newline=newline) as text:
            yield text


@contextmanager
def opened(path: Path, max_bytes: int = MAX_BYTES, newline: str | None = None) -> Iterator[TextIO]:
    """The text of the file at `path`. Raises `BadSource` if it has more than `max_bytes`."""
    budget, what = ByteBudget(path, max_bytes), "the file"
    with explained(path, what), path.open("rb") as binary:
        budget.allow(path.stat().st_size, what)
        with as_text(Metered(binary.read, budget, what), newline) as text:
            yield text


def lines(stream: TextIO, path: Path) -> Iterator[tuple[int, str]]:
    """The lines of `stream`, numbered from 1. Raises `BadSource` for NUL bytes and endless lines."""
    pieces = iter(partial(stream.readline, MAX_LINE + 1), "")
    for number, line in enumerate(pieces, start=1):
        if "\0" in line:
            raise no_plain_text(path, number)
        if len(line) > MAX_LINE:
            raise line_too_long(path, number)
        yield number, line


def no_plain_text(path: Path, line: int) -> BadSource:
    """The refusal of a file with bytes that no text has."""
    why = f"line {line} holds NUL bytes, so it is no plain text"
    return BadSource(path, why, _AS_UTF8, told=Phrase("it is no plain text"))


def line_too_long(path: Path, line: int) -> BadSource:
    """The refusal of a line that is longer than any tweet."""
    why = Phrase("line {line} is longer than {most:,} characters", line=line, most=MAX_LINE)
    return BadSource(path, why, Phrase("put one tweet on each line"))


def foreign_form(name: str) -> Phrase:
    """Says that a file is of a form which is not read, such as a picture."""
    return Phrase("it is a file of the kind {kind}, which I do not read", kind=name)


def head_of(path: Path, size: int = 512) -> bytes:
    """The first bytes of the file at `path`."""
    with explained(path), path.open("rb") as binary:
        return binary.read(size)


def shown(name: str, longest: int = 60) -> str:
    """A name from somebody's file, made safe to print in a sentence."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"

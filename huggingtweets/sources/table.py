"""Tweets in a table: JSON lines, a JSON array, CSV, or plain text with one tweet a line.

Knows how tables are written, and that one file is one person's. Does not know which column means what, nor what a text
is worth.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TextIO

from huggingtweets.errors import BadSource
from huggingtweets.records import Collected
from huggingtweets.sources.borders import parted, plain
from huggingtweets.sources.columns import Authors, Row, Tweets, has_text, keyed
from huggingtweets.sources.files import MAX_BYTES, lines, opened, shown
from huggingtweets.sources.json_array import decoded, items
from huggingtweets.sources.literals import undone

Rows = Iterator[tuple[int, Row]]

_DELIMITERS = ",;\t"
_LOOK = 1024  # characters; of which the first that is not blank tells an array


def read(path: Path, max_bytes: int = MAX_BYTES) -> Collected:
    """The tweets in the table at `path`, whose ending, one of `ENDINGS`, says how it is written."""
    rows = ENDINGS[path.suffix.lower()]
    if rows is _json_lines and _is_array(path, max_bytes):
        rows = _json_array
    try:
        return _read_as(rows, path, max_bytes)
    except BadSource as refused:
        # Spreadsheets save CSV in the one-byte encoding of their country, most often this one; JSON is never in it.
        if rows is _csv and isinstance(refused.__cause__, UnicodeDecodeError):
            return _read_as(rows, path, max_bytes, legacy=True)
        raise


def _read_as(rows: Callable[[Path, TextIO], Rows], path: Path, max_bytes: int, legacy: bool = False) -> Collected:
    with opened(path, max_bytes, newline="" if rows is _csv else None, legacy=legacy) as text:
        return _collected(path, rows(path, text))


def _is_array(path: Path, max_bytes: int) -> bool:
    """Whether the JSON at `path` is one array, whatever the file is called."""
    with opened(path, max_bytes) as text:
        return text.read(_LOOK).lstrip().startswith("[")


def _collected(path: Path, rows: Rows) -> Collected:
    tweets, authors = Tweets(), Authors()
    for line, row in undone(rows):
        tweet = tweets.add(row)
        if tweet is None:
            raise BadSource(path, f"line {line} has no text", "give every tweet a column text, full_text or tweet")
        if not tweet.is_retweet:
            authors.add(row)
    parts = tuple(parted(tweets.all()))
    if not parts:
        raise BadSource(path, "it holds no tweets", "give a file with at least one")
    if len(people := authors.all()) > 1:
        why = f"it is by several people ({shown(people[0], 30)} and {shown(people[1], 30)}, {len(people)} in all)"
        raise BadSource(path, why, "give each person's tweets in a file of their own")
    return Collected(authors.account(), parts)


def _json_lines(path: Path, text: TextIO) -> Rows:
    for number, line in lines(text, path):
        if line.strip():
            yield number, _object(path, number, decoded(line, number))


def _json_array(path: Path, text: TextIO) -> Rows:
    for number, item in items(text):
        yield number, _object(path, number, item)


def _object(path: Path, line: int, item: object) -> Row:
    """The tweet that `item` is, or holds, as in an X archive."""
    if isinstance(item, dict) and isinstance(item.get("tweet"), dict):
        item = item["tweet"]
    if not isinstance(item, dict):
        raise BadSource(path, f"line {line} holds no JSON object", "write each tweet as an object with its text")
    return keyed(item)


def _csv(path: Path, text: TextIO) -> Rows:
    numbered = (line for _, line in lines(text, path))
    first = next(numbered, "")
    reader = csv.reader(chain([first], numbered), delimiter=max(_DELIMITERS, key=first.count), strict=True)
    try:
        names = next(reader, [])
        _check_header(path, names)
        for cells in reader:
            if any(cells):
                yield reader.line_num, _under(names, cells, path, reader.line_num)
    except csv.Error as error:
        mend = "put texts with quotation marks in quotation marks, and double those inside"
        raise BadSource(path, f"line {reader.line_num} is broken CSV ({error})", mend) from error


def _check_header(path: Path, names: list[str]) -> None:
    if not has_text(names):
        found = ", ".join(shown(name, 20) for name in names[:6]) or "nothing"
        raise BadSource(path, f"its first line names no column of texts but {found}", "call that column text")


def _under(names: list[str], cells: list[str], path: Path, line: int) -> Row:
    if len(cells) > len(names):
        why = f"line {line} has {len(cells)} cells, but there are {len(names)} columns"
        raise BadSource(path, why, "put texts that hold the delimiter in quotation marks")
    return keyed(dict(zip(names, cells, strict=False)))


ENDINGS: Mapping[str, Callable[[Path, TextIO], Rows]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": plain,
}

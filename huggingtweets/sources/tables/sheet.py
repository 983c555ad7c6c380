"""CSV as spreadsheets, databases and scripts write it, as rows under the names of their columns.

Knows delimiters and headers. Does not know what a column means, except that it holds texts or not.
"""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.files import lines, shown
from huggingtweets.sources.tables.columns import Row, has_text, keyed

Rows = Iterator[tuple[int, Row]]
HoldsText = Callable[[list[str]], bool]  # whether columns with these names hold texts

_DELIMITERS = ",;\t|"
_NONE = "\x1f"  # stands in no text, so the whole line is one cell
_LOOK = 50  # lines by which a table without a header is understood
_SEP = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)  # Excel's own first line
_NAME = re.compile(r"[^\W\d][\w .()/#-]{0,39}")
_NAME_WORDS = 4
_SENTENCE = re.compile(r"[.!?…](?:\s|$)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def read(path: Path, text: TextIO, holds_text: HoldsText = has_text) -> Rows:
    """The rows of the table, each with its line. `text` must keep its line ends. Raises `BadSource`."""
    numbered = (line for _, line in lines(text, path))
    head = list(islice(numbered, _LOOK))
    skipped = 0
    separator = _SEP.fullmatch(head[0]) if head else None
    if separator:
        head, skipped = head[1:], 1
    delimiter = separator[1] if separator else _delimiter(head, holds_text)
    names = _first_row(head, delimiter)
    if holds_text(names):
        yield from _named(path, chain(head, numbered), delimiter, skipped)
    elif _is_one_column(head):
        yield from _unnamed(path, chain(head, numbered), skipped)
    elif _is_header(names) or not names:
        listed = ", ".join(shown(name, 20) for name in names[:6]) or "-"
        why = Phrase("its first line names no column of texts, only these: {listed}", listed=listed)
        raise BadSource(path, why, Phrase("call that column text"))
    elif _is_ragged(head, delimiter):
        yield from _lines(chain(head, numbered), skipped)
    else:
        mend = Phrase("write the names of the columns into its first line, such as id,date,text")
        raise BadSource(path, Phrase("its columns have no names"), mend)


def is_table(head: str, holds_text: HoldsText = has_text) -> bool:
    """Returns True if a text that begins with `head` is a table: a row of names, and rows that are as wide."""
    written = head.splitlines(keepends=True)[:_LOOK]
    if written and _SEP.fullmatch(written[0]):
        return True
    delimiter = _delimiter(written, holds_text)
    names = _first_row(written, delimiter)
    if len(names) < 2 or not holds_text(names) or not all(_is_name(name) for name in names if name.strip()):
        return False
    widths = [len(cells) for cells in _parsed(written, delimiter)[1:]]
    return not widths or widths[0] == len(names)


def _delimiter(head: list[str], holds_text: HoldsText) -> str:
    """The mark between columns: the one that finds most columns, with texts among them, or else the most frequent."""
    by_width = {mark: len(names) for mark in _DELIMITERS if holds_text(names := _first_row(head, mark))}
    if by_width:
        mark = max(by_width, key=lambda mark: by_width[mark])
        return mark if by_width[mark] > 1 else _NONE
    return max(_DELIMITERS, key=head[0].count) if head else _NONE


def _parsed(head: list[str], delimiter: str) -> list[list[str]]:
    """The rows of the first lines, up to the first that cannot be read."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(head, delimiter=delimiter))
    return [row for row in rows if any(row)]


def _first_row(head: list[str], delimiter: str) -> list[str]:
    rows = csv.reader(head, delimiter=delimiter)
    try:
        return next(rows, [])
    except csv.Error:
        return []


def _is_name(cell: str) -> bool:
    return _NAME.fullmatch(cell.strip()) is not None and len(cell.split()) <= _NAME_WORDS


def _is_header(names: list[str]) -> bool:
    """Returns True if these are names of columns and not values."""
    filled = [name for name in names if name.strip()]
    if any(_SENTENCE.search(name) for name in filled):
        return False
    return all(len(name) <= 40 and len(name.split()) <= _NAME_WORDS and not name.strip().isdecimal() for name in filled)


def _is_one_column(head: list[str]) -> bool:
    """Returns True if the first lines hold nothing but texts: one cell in each row, whatever mark separates cells."""
    if any(len(widths := {len(row) for row in _parsed(head, mark)}) == 1 and widths != {1} for mark in _DELIMITERS):
        return False
    cells = [cell for row in _parsed(head, ",") for cell in row]
    return len(cells) == len(_parsed(head, ",")) and any(" " in cell.strip() for cell in cells)


def _is_ragged(head: list[str], delimiter: str) -> bool:
    """Returns True if the rows have different numbers of cells, because the commas belong to sentences."""
    return len({len(row) for row in _parsed(head, delimiter)}) > 1


def _named(path: Path, written: Iterator[str], delimiter: str, skipped: int) -> Rows:
    """The rows below a header."""
    reader = csv.reader(written, delimiter=delimiter, strict=True)
    try:
        names = next(reader)
        for cells in reader:
            if any(cells) and cells != names:  # a table that was put together from several repeats the header
                yield reader.line_num + skipped, _under(names, cells, path, reader.line_num + skipped)
    except csv.Error as error:
        raise _broken(path, reader.line_num + skipped, error) from error


def _unnamed(path: Path, written: Iterator[str], skipped: int) -> Rows:
    """The texts of a table that has only one column."""
    reader = csv.reader(written, delimiter=_NONE, strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num + skipped, {"text": cells[0]}
    except csv.Error as error:
        raise _broken(path, reader.line_num + skipped, error) from error


def _lines(written: Iterator[str], skipped: int) -> Rows:
    """One text on each line, as it stands."""
    for number, line in enumerate(written, start=1 + skipped):
        if stripped := line.strip():
            quoted = _QUOTED.fullmatch(stripped)
            yield number, {"text": quoted[1].replace('""', '"') if quoted else stripped}


def _broken(path: Path, line: int, error: csv.Error) -> BadSource:
    mend = Phrase("put texts with quotation marks in quotation marks, and double those inside")
    why = f"line {line} is broken CSV ({shown(str(error))})"
    return BadSource(path, why, mend, told=Phrase("line {line} is not written as tables are", line=line))


def _under(names: list[str], cells: list[str], path: Path, line: int) -> Row:
    while len(cells) > len(names) and not cells[-1].strip():
        cells.pop()
    if len(cells) > len(names):
        why = Phrase(
            "line {line} has {cells} cells, but there are {columns} columns",
            line=line,
            cells=len(cells),
            columns=len(names),
        )
        raise BadSource(path, why, Phrase("put texts that hold the delimiter in quotation marks"))
    return keyed(dict(zip(names, cells, strict=False)))

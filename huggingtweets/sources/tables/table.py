"""Tweets in a table: JSON of any shape, CSV, or plain text with one tweet on each line.

Knows how to tell these apart by their content. Does not know what a column means, or which texts are worth learning.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.sources.archives import mastodon
from huggingtweets.sources.reading.document import Document, of_file
from huggingtweets.sources.reading.encoding import Encoding
from huggingtweets.sources.reading.files import ACCEPTED, MAX_BYTES, shown
from huggingtweets.sources.reading.literals import undone
from huggingtweets.sources.tables import json_rows, sheet
from huggingtweets.sources.tables.borders import plain
from huggingtweets.sources.tables.columns import Row, has_text, keyed
from huggingtweets.sources.tables.rows import TableRows
from huggingtweets.sources.tables.services import public, refuse_direct

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")

_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_LOOK = 1 << 16  # characters
_JSON = re.compile(r'\ufeff?\s*(?:\{\s*["}]|\[\s*(?:[\[\]{"]|$))')


def read(path: Path, max_bytes: int = MAX_BYTES, names: Collection[str] = ()) -> Collected:
    """The tweets in the table at `path`."""
    return read_document(of_file(path, max_bytes), names)


def read_document(document: Document, names: Collection[str] = ()) -> Collected:
    """The tweets in the table. Of several people, only the one in `names` is read.

    Raises `BadSource`, also if this is no table.
    """
    encoding = document.encoding()
    with document.text(encoding, newline="") as text:
        head = text.read(_LOOK)
    rows = TableRows()
    if _is_json(head, document.ending):
        refuse_direct(document.path, head)
        with document.text(encoding) as text:
            if mastodon.is_mastodon(head):
                return mastodon.collected(document.path, mastodon.records(document.path, text), {})
            _add(rows, document.path, _json(rows, document.path, text))
    elif document.ending in (".csv", ".tsv") or sheet.is_table(head):
        with document.text(encoding, newline="") as text:
            _add(rows, document.path, sheet.read(document.path, text))
    elif document.ending == ".txt":
        with document.text(encoding) as text:
            _add(rows, document.path, _lines(document.path, text))
    else:
        raise _unknown(document)
    collected = rows.collected(document.path, names)
    notes = (*_encoding_notes(encoding), *collected.notes)
    return replace(collected, notes=tuple(f"{shown(document.name)}: {note}" for note in notes))


def _is_json(head: str, ending: str) -> bool:
    return _JSON.match(head) is not None or (ending in _JSON_ENDINGS and not sheet.is_table(head))


def _unknown(document: Document) -> BadSource:
    ending = document.ending
    kind = f"a {shown(ending)} file" if ending else "a file without an ending"
    return BadSource(document.path, f"it is {kind} without a table of tweets in it", f"give {ACCEPTED}")


def _add(rows: TableRows, path: Path, numbered: Iterator[tuple[int, Row]]) -> None:
    for line, row in public(undone(numbered)):
        if not rows.add(row):
            raise BadSource(path, f"line {line} has no text", "give every tweet a column text, full_text or tweet")


def _json(rows: TableRows, path: Path, text: TextIO) -> Iterator[tuple[int, Row]]:
    """The rows in the JSON of `text`. The people beside them are added to `rows` here."""
    for entry in json_rows.entries(text):
        if entry.is_user and isinstance(entry.value, dict):
            rows.add_user(entry.value)
        else:
            yield entry.line, _object(path, entry.line, entry.value)


def _object(path: Path, line: int, item: object) -> Row:
    """`item` as a row. A text alone is a row as well."""
    if isinstance(item, str):
        return {"text": item}
    if not isinstance(item, dict):
        mend = "write each tweet as an object with its text"
        raise BadSource(path, f"line {line} holds no JSON object", mend, told=f"line {line} holds no tweet")
    return keyed(item)


def _lines(path: Path, text: TextIO) -> Iterator[tuple[int, Row]]:
    """The texts of a plain text. The name of a column in the first line is not one of them."""
    for line, row in plain(path, text):
        if line > 1 or " " in str(row["text"]) or not has_text([str(row["text"])]):
            yield line, row


def _encoding_notes(encoding: Encoding) -> Iterator[str]:
    if encoding.guess:
        yield f"It is not in UTF-8 and was read as {encoding.guess}; if letters are wrong, save it as UTF-8."

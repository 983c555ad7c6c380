"""Tweets in one text: JSON of any shape, CSV, plain text with one tweet on each line, or a file of a service's export.

Knows how to tell these apart by their content. Does not know what a column means, or which texts are worth learning.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.archives import mastodon, meta_export, reddit, telegram, whatsapp
from huggingtweets.sources.reading.document import Document, of_file
from huggingtweets.sources.reading.encoding import Encoding
from huggingtweets.sources.reading.files import GIVE_ACCEPTED, MAX_BYTES, shown
from huggingtweets.sources.reading.literals import undone
from huggingtweets.sources.tables import json_rows, sheet
from huggingtweets.sources.tables.borders import plain
from huggingtweets.sources.tables.columns import Row, has_text, keyed
from huggingtweets.sources.tables.named_columns import AS_FOUND, NamedColumns
from huggingtweets.sources.tables.rows import TableRows
from huggingtweets.sources.tables.services import public, refuse_direct

ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")

_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_LOOK = 1 << 16  # characters
_TITLES = {"utf-8-sig": "UTF-8"}
_JSON = re.compile(r'\ufeff?\s*(?:\{\s*["}]|\[\s*(?:[\[\]{"]|$))')


def read(
    path: Path, max_bytes: int = MAX_BYTES, names: Collection[str] = (), columns: NamedColumns = AS_FOUND
) -> Collected:
    """The tweets in the table at `path`."""
    return read_document(of_file(path, max_bytes), names, columns)


def read_document(document: Document, names: Collection[str] = (), columns: NamedColumns = AS_FOUND) -> Collected:
    """The tweets in the table. Of several people, only the one in `names` is read. `columns` are believed.

    Raises `BadSource`, also if this is no table.
    """
    encoding = document.encoding()
    with document.text(encoding, newline="") as text:
        head = text.read(_LOOK)
    service = _of_a_service(document, encoding, head, names, is_read_by_columns=bool(columns))
    collected = service or _rows(document, encoding, head, names, columns)
    notes = (*_encoding_notes(encoding), *collected.notes)
    notes = tuple(Phrase("{file}: {note}", file=shown(document.name), note=note) for note in notes)
    return replace(collected, notes=notes, encoding=encoding.guess or _TITLES.get(encoding.name, encoding.name.upper()))


def _of_a_service(
    document: Document, encoding: Encoding, head: str, names: Collection[str], *, is_read_by_columns: bool
) -> Collected | None:
    """What a service has exported in a form of its own. None for anything else, and for a table with named columns."""
    path = document.path
    if _is_json(head, document.ending):
        refuse_direct(path, head)
        if is_read_by_columns:
            return None
        with document.text(encoding) as text:
            if telegram.is_telegram(head):
                return telegram.read(path, text, names)
            if meta_export.is_meta(head):
                return meta_export.read_alone(path, text, head)
            if mastodon.is_mastodon(head):
                return mastodon.collected(path, mastodon.records(path, text), {})
    elif whatsapp.is_chat(head):
        with document.text(encoding) as text:
            return whatsapp.read(path, text, names)
    elif reddit.is_reddit(head) and not is_read_by_columns:
        with document.text(encoding, newline="") as text:
            return reddit.read_alone(path, text)
    return None


def _rows(
    document: Document, encoding: Encoding, head: str, names: Collection[str], columns: NamedColumns
) -> Collected:
    """The rows of a table in JSON, CSV or text."""
    rows, path = TableRows(), document.path
    if _is_json(head, document.ending, columns):
        form = "tweets in JSON"
        with document.text(encoding) as text:
            _add(rows, path, _json(rows, path, text), columns)
    elif document.ending in (".csv", ".tsv") or sheet.is_table(head, columns.hold_text):
        form = "a table in CSV"
        with document.text(encoding, newline="") as text:
            _add(rows, path, sheet.read(path, text, columns.hold_text), columns)
    elif document.ending == ".txt":
        form = "a plain text"
        with document.text(encoding) as text:
            _add(rows, path, _lines(path, text), AS_FOUND)
    else:
        raise _unknown(document)
    return replace(rows.collected(path, names), form=form)


def _is_json(head: str, ending: str, columns: NamedColumns = AS_FOUND) -> bool:
    return _JSON.match(head) is not None or (ending in _JSON_ENDINGS and not sheet.is_table(head, columns.hold_text))


def _unknown(document: Document) -> BadSource:
    return BadSource(document.path, Phrase("I find no table of tweets in it"), GIVE_ACCEPTED)


def _add(rows: TableRows, path: Path, numbered: Iterator[tuple[int, Row]], columns: NamedColumns) -> None:
    for line, row in public(undone(numbered)):
        if not rows.add(columns.applied(path, row) if columns else row):
            mend = Phrase("give every tweet a column text, full_text or tweet")
            raise BadSource(path, Phrase("line {line} has no text", line=line), mend)


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
        mend, told = (
            Phrase("write each tweet as an object with its text"),
            Phrase("line {line} holds no tweet", line=line),
        )
        raise BadSource(path, f"line {line} holds no JSON object", mend, told=told)
    return keyed(item)


def _lines(path: Path, text: TextIO) -> Iterator[tuple[int, Row]]:
    """The texts of a plain text. The name of a column in the first line is not one of them."""
    for line, row in plain(path, text):
        if line > 1 or " " in str(row["text"]) or not has_text([str(row["text"])]):
            yield line, row


def _encoding_notes(encoding: Encoding) -> Iterator[Phrase]:
    if encoding.guess:
        yield Phrase(
            "It is not in UTF-8 and was read as {encoding}; if letters are wrong, save it as UTF-8.",
            encoding=encoding.guess,
        )

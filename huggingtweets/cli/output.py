"""What a command writes: JSON objects, a training's events, and progress as bars or as JSON lines.

Knows files and JSON. Does not know what is in the objects.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TextIO

import click
from rich.markup import escape

from huggingtweets.core.errors import for_people
from huggingtweets.core.events import Failed, write_event


def print_json(row: dict[str, Any], file: TextIO | None = None) -> None:
    """Write `row` as one line, to stdout by default."""
    click.echo(json.dumps(row, ensure_ascii=False), file=file)


def progress_shown(as_json: bool, events: TextIO | None = None) -> "AbstractContextManager[Callable[[Any], None]]":
    """A context whose value shows a `Progress`: JSON lines in `events` or on stdout, otherwise bars on stderr."""
    from huggingtweets.cli.progress import Bars, JsonLines

    return JsonLines(events or sys.stdout) if as_json or events else Bars(sys.stderr)


def alive(doing: str) -> AbstractContextManager[object]:
    """A context that shows on a terminal that something is being done. Elsewhere, and for programs, it says nothing."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{escape(doing)} …")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write `rows` under their columns' names. Where no terminal limits it, a row is one line."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    longest = 0
    for row in rows:
        table.add_row(*map(Text, row))
        longest = max(longest, sum(map(len, row)))
    width = None if sys.stdout.isatty() else 2 * len(columns) + longest + 200
    Console(width=width, highlight=False).print(table)


@contextmanager
def events_file(descriptor: int | None) -> Iterator[TextIO | None]:
    """The file of an open descriptor, or None without one. An error inside becomes an event in words for people."""
    if descriptor is None:
        yield None
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as events:
        try:
            yield events
        except Exception as error:
            with suppress(OSError):
                write_event(Failed(for_people=for_people(error)), events)
            raise

"""What a command writes: JSON objects, a training's events, and progress as bars or as JSON lines.

Knows files and JSON. Does not know what is in the objects.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TextIO

import click

from huggingtweets.core.errors import for_people
from huggingtweets.core.events import failed, json_line, write_event


def print_json(row: dict[str, Any], file: TextIO | None = None) -> None:
    """Write `row` as one line, to stdout by default."""
    click.echo(json_line(row, file or sys.stdout), file=file)


def progress_shown(as_json: bool, events: TextIO | None = None) -> "AbstractContextManager[Callable[[Any], None]]":
    """A context whose value shows a `Progress`: JSON lines in `events` or on stdout, otherwise bars on stderr."""
    from huggingtweets.cli.progress import Bars, JsonLines

    return JsonLines(events or sys.stdout) if as_json or events else Bars(sys.stderr)


@contextmanager
def alive(doing: str) -> Iterator[Callable[[str], None]]:
    """A context that shows on a terminal what is being done, and that it goes on. Its value changes what is shown.

    Elsewhere, and for programs, it says nothing.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(f"{escape(doing)} …") as status:
        yield lambda doing: status.update(f"{escape(doing)} …")


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
def events_written(wanted: bool) -> Iterator[TextIO | None]:
    """What was stdout, if a program reads events there; None otherwise. From now on all else goes to stderr.

    An error inside becomes an event in words for people.
    """
    if not wanted:
        yield None
        return
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as events:
        # No print of a library can tear an event apart.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            yield events
        except Exception as error:
            with suppress(OSError):
                write_event(failed(for_people(error)), events)
            raise

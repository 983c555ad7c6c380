"""What a command writes: JSON objects, a training's events, and progress as bars or as JSON lines.

Knows files and JSON. Does not know what is in the objects.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TextIO

import click

from huggingtweets.cli.progress import Bars, JsonLines
from huggingtweets.core.errors import for_people
from huggingtweets.core.events import Failed, write_event


def print_json(row: dict[str, Any], file: TextIO | None = None) -> None:
    """Write `row` as one line, to stdout by default."""
    click.echo(json.dumps(row, ensure_ascii=False), file=file)


def progress_shown(as_json: bool, events: TextIO | None = None) -> "AbstractContextManager[Callable[[Any], None]]":
    """A context whose value shows a `Progress`: JSON lines in `events` or on stdout, otherwise bars on stderr."""
    return JsonLines(events or sys.stdout) if as_json or events else Bars(sys.stderr)


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

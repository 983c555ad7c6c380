"""Files that are either the old one or the new one, whole, whenever the process or the machine dies.

Knows the file system. Does not know what the files mean.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text`: written beside it, synced, renamed over it, and the rename synced too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as indented JSON."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_json_lines(path: Path, rows: Iterator[Any] | list[Any]) -> None:
    """Replace `path` by one JSON value a line."""
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))


def read_json_lines(path: Path) -> list[Any]:
    """The values of a file written by `write_json_lines`."""
    # Not splitlines(): a tweet may hold U+2028, which JSON leaves as it is.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` outlive a power cut."""
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file below `folder` outlive a power cut."""
    for path in folder.rglob("*"):
        with _opened(path) as descriptor:
            os.fsync(descriptor)
    sync_folder(folder)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

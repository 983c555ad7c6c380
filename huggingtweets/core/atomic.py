"""Files that are either the old one or the new one, whole, whenever the process or the machine dies.

Knows the file system. Does not know what the files mean.
"""

import errno
import fcntl
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` at the end: written beside it, synced, renamed, and that synced.

    When the block raises, `path` stays what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def unfinished(path: Path) -> list[Path]:
    """What killed processes left of replacing `path`."""
    return list(path.parent.glob(f".{path.name}.*.new"))


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text`."""
    with replaced(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as indented JSON."""
    # ASCII: a name out of somebody's file may hold half a surrogate pair, which UTF-8 cannot.
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_json_lines(path: Path, rows: Iterable[Any]) -> None:
    """Replace `path` by one JSON value a line."""
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))


def require_file(path: Path) -> Path:
    """`path`, if a plain file is there. Raises `OSError` if not: to open a pipe, for one, would wait for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return path


def read_text(path: Path) -> str:
    """The text of a file of ours. Raises what `require_file` does."""
    return require_file(path).read_text(encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises `OSError`, or `ValueError` for what is no JSON or nested without end."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json_lines(path: Path) -> list[Any]:
    """The values of a file written by `write_json_lines`. Raises what `read_json` does."""
    try:
        # Not splitlines(): a text may hold U+2028, which JSON leaves as it is.
        return [json.loads(line) for line in read_text(path).split("\n") if line]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


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


def readable_as_usual(folder: Path) -> None:
    """Give every file below `folder` the mode that new files get here; safetensors makes them for their owner alone."""
    usual = folder / f".{os.getpid()}-{threading.get_ident()}.mode"
    usual.touch()
    mode = usual.stat().st_mode
    usual.unlink()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the file `path` for this process alone; the kernel lets go of it when the process dies.

    Raises `BlockingIOError` when another holds it and `wait` is false, `FileNotFoundError` when its folder is gone.
    """
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.fstat(lock.fileno()).st_ino != path.stat().st_ino:
            # Its holder deleted it between the two calls, and somebody made a new one: that one counts.
            raise BlockingIOError(f"{path} was replaced")
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

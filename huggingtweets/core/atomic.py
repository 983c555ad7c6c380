"""Files that are written whole or not at all, even if the process or the machine dies in between.

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
    """A file to write, which takes the place of `path` at the end of the block.

    It is written under another name in the same folder, synced, and renamed; then the folder is synced. If the block
    raises, `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with new.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def unfinished(path: Path) -> list[Path]:
    """The files that killed processes have left when they were replacing `path`."""
    return list(path.parent.glob(f".{path.name}.*.new"))


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text`."""
    with replaced(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as indented JSON."""
    # ASCII, because a name from somebody's file may hold half a surrogate pair, which UTF-8 cannot hold.
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_json_lines(path: Path, rows: Iterable[Any]) -> None:
    """Replace `path` by one JSON value a line."""
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))


def require_file(path: Path) -> Path:
    """Returns `path` if it is a plain file, else raises `OSError`. Opening a pipe, for example, would wait for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return path


def read_text(path: Path) -> str:
    """The text of a file that this software wrote. Raises what `require_file` raises."""
    return require_file(path).read_text(encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises `OSError`, or `ValueError` if it is not JSON or is nested too deeply."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json_lines(path: Path) -> list[Any]:
    """The values of a file written by `write_json_lines`. Raises what `read_json` raises."""
    try:
        # Not splitlines(): a text may hold U+2028, which JSON leaves as it is.
        return [json.loads(line) for line in read_text(path).split("\n") if line]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def sync_folder(folder: Path) -> None:
    """Make sure that renames inside `folder` survive a power cut."""
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


def sync_tree(folder: Path) -> None:
    """Make sure that every file below `folder` survives a power cut."""
    for path in folder.rglob("*"):
        with _opened(path) as descriptor:
            os.fsync(descriptor)
    sync_folder(folder)


def readable_as_usual(folder: Path) -> None:
    """Give every file below `folder` the usual mode of new files. safetensors lets only the owner read its files."""
    usual = folder / f".{os.getpid()}-{threading.get_ident()}.mode"
    usual.touch()
    mode = usual.stat().st_mode
    usual.unlink()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Lock the file `path` for this process. The kernel releases the lock when the process dies.

    Raises `BlockingIOError` if another process holds the lock and `wait` is false, and `FileNotFoundError` if the
    folder is gone.
    """
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.fstat(lock.fileno()).st_ino != path.stat().st_ino:
            # Its holder deleted it between the two calls, and another process made a new one. Only the new one counts.
            raise BlockingIOError(f"{path} was replaced")
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

"""Files that are written whole or not at all, even if the process or the machine dies in between.

Knows the file system. Does not know what the files mean.
"""

import errno
import json
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
POLL_SECONDS = 0.02  # how often a lock that is held is tried again
MOST_DELETIONS = 20  # how often a folder that another process changes meanwhile is deleted anew


@contextmanager
def replaced(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` at the end of the block.

    It is written under another name in the same folder, synced, and renamed; then the folder is synced. If the block
    raises, `path` stays as it was. A `private` file can be read by its owner alone, from its first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with open(new, "wb", opener=for_the_owner if private else None) as file:
            yield file
            file.flush()
            sync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def for_the_owner(path: str, flags: int) -> int:
    """An opener for `open` with which a new file can be read by its owner alone."""
    return os.open(path, flags, 0o600)


def unfinished(path: Path) -> list[Path]:
    """The files that killed processes have left when they were replacing `path`."""
    return list(path.parent.glob(f".{path.name}.*.new"))


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Replace `path` by `text`."""
    with replaced(path, private=private) as file:
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


def delete(path: Path) -> bool:
    """Delete a file, or a folder with everything in it. Returns True if it was there.

    Another process may delete the same folder or write into it meanwhile: what it leaves is deleted, too.
    Raises `OSError` if the system refuses, or if the other process does not come to an end.
    """
    was_there = os.path.lexists(path)
    for attempt in range(MOST_DELETIONS):
        try:
            if path.is_symlink() or not path.is_dir():
                path.unlink(missing_ok=True)
            else:
                shutil.rmtree(path)
            break
        except OSError as error:
            changed = error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST)
            if not changed or attempt == MOST_DELETIONS - 1:
                raise
            time.sleep(POLL_SECONDS)
    if was_there:
        with suppress(FileNotFoundError):  # the folder around it may have gone as well
            sync_folder(path.parent)
    return was_there


def sync_folder(folder: Path) -> None:
    """Make sure that renames inside `folder` survive a power cut. Windows has no way to do that, and no need."""
    if sys.platform != "win32":
        with _opened(folder) as descriptor:
            sync(descriptor)


def sync_tree(folder: Path) -> None:
    """Make sure that every file below `folder` survives a power cut."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with _opened(path) as descriptor:
                sync(descriptor)
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
def locked(path: Path, *, wait: bool, keep: bool = True) -> Iterator[None]:
    """Lock the file `path` for this process. The system releases the lock when the process dies.

    Without `keep`, the file is deleted at the end. Raises `BlockingIOError` if another process holds the lock and
    `wait` is false, and `FileNotFoundError` if the folder is gone.
    """
    from filelock import lock_descriptor  # most commands lock nothing

    with path.open("ab") as lock:
        if not lock_descriptor(lock.fileno(), blocking=wait, poll_interval=POLL_SECONDS):
            raise BlockingIOError(errno.EAGAIN, "another process has locked it", str(path))
        if os.fstat(lock.fileno()).st_ino != path.stat().st_ino:
            # Its holder deleted it between the two calls, and another process made a new one. Only the new one counts.
            raise BlockingIOError(f"{path} was replaced")
        try:
            yield
        finally:
            if not keep and sys.platform != "win32":
                path.unlink(missing_ok=True)
    if not keep and sys.platform == "win32":
        with suppress(OSError):  # another process has it open, and will delete it
            path.unlink(missing_ok=True)


def sync(descriptor: int) -> None:
    """Make sure that what was written to a file survives a power cut."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync leaves it in the cache of the disk there
    else:
        os.fsync(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # Windows syncs only what may be written.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

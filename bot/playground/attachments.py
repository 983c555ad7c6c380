"""Files that visitors attach on the page: who attached them, and when they are deleted.

Gradio writes the files below one folder and answers with their paths. A visitor can use only files that the same
visitor has uploaded, and only ordinary files below that folder.

Knows a folder and sessions. Does not know Gradio, or what the files are for.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from huggingtweets.core.errors import Usage

UNCLAIMED_SECONDS = 3_600.0  # then an uploaded file is deleted that nobody has sent with a line
CUT_OFF_SECONDS = 300.0  # an upload that has written nothing for so long was cut off


class Attachments:
    """The files below `home`. The methods block for a few file operations."""

    def __init__(self, home: Path):
        self.home = home.absolute()
        self._sessions: dict[Path, set[str]] = {}

    def came(self, session: str, paths: Iterable[str]) -> None:
        """Note that `session` has uploaded these files."""
        for path in paths:
            self._sessions.setdefault(_plain(Path(path)), set()).add(session)

    def taken(self, session: str, files: Sequence[Path]) -> list[Path]:
        """Returns `files`. Raises `Usage` if `session` has not attached one of them."""
        return [self._taken(session, file) for file in files]

    def delete(self, session: str, files: Iterable[Path]) -> None:
        """Delete those of `files` that `session` has attached."""
        for file in files:
            if path := self._attached(session, file):
                self._drop(path)

    def sweep(self) -> None:
        """Delete files that nobody has sent with a line in time, and what is left of uploads that were cut off."""
        now = time.time()
        for path in list(self.home.rglob("*")):
            # Gradio writes an upload into a file directly below its folder, and moves it once it is whole.
            longest = CUT_OFF_SECONDS if path.parent == self.home else UNCLAIMED_SECONDS
            status = _status(path)
            if status and not stat.S_ISDIR(status.st_mode) and now - status.st_mtime > longest:
                self._drop(path)
        for path in [path for path in self._sessions if not _status(path)]:
            self._sessions.pop(path, None)

    def delete_unowned(self) -> None:
        """Delete files that no visitor has attached. Uploads that were cut off or refused leave such files.

        Call it only while no upload is under way: until its end nobody is noted for its files.
        """
        for path in sorted(self.home.rglob("*"), reverse=True):
            status = _status(path)
            if status and stat.S_ISDIR(status.st_mode):
                # This deletes the folder only if it is empty.
                with contextlib.suppress(OSError):
                    path.rmdir()
            elif status and path not in self._sessions:
                self._drop(path)

    def clear(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.home, ignore_errors=True)
        self._sessions.clear()

    def _taken(self, session: str, file: Path) -> Path:
        if path := self._attached(session, file):
            return path
        raise Usage(f"{file.name} is not attached any more, or never was; attach it again.")

    def _attached(self, session: str, file: Path) -> Path | None:
        """The path of `file`, if `session` has attached it and it is an ordinary file below `home`, links followed."""
        path = _plain(file)
        if session not in self._sessions.get(path, ()):
            return None
        status = _status(path)
        ordinary = status and stat.S_ISREG(status.st_mode) and path.resolve().is_relative_to(self.home.resolve())
        return path if ordinary else None

    def _drop(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._sessions.pop(path, None)
        if path.parent != self.home:
            # This deletes the folder only if it is empty.
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _plain(path: Path) -> Path:
    """`path` without `.` and `..`. It does not read the disk."""
    return Path(os.path.abspath(path))  # noqa: PTH100  Path.resolve would follow links


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (OSError, ValueError):
        return None

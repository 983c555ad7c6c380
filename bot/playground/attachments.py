"""Files that visitors attach on the page: whose they are, and how long they lie there.

Gradio writes them below one folder and answers with their paths. Only a file that came in with a visitor's own upload
is taken from that visitor, and only while it is an ordinary file below the folder.

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

UNCLAIMED_SECONDS = 3_600.0  # how long a file may lie there that nobody has sent along with a line
CUT_OFF_SECONDS = 300.0  # an upload that has written nothing for so long will not go on


class Attachments:
    """The files below `home`. Its methods block for the time of a few file operations."""

    def __init__(self, home: Path):
        self.home = home.absolute()
        self._sessions: dict[Path, set[str]] = {}

    def came(self, session: str, paths: Iterable[str]) -> None:
        """Note that an upload of `session` has left these files."""
        for path in paths:
            self._sessions.setdefault(_plain(Path(path)), set()).add(session)

    def taken(self, session: str, files: Sequence[Path]) -> list[Path]:
        """`files`, each of which `session` has attached; raises `Usage` for any other."""
        return [self._taken(session, file) for file in files]

    def delete(self, session: str, files: Iterable[Path]) -> None:
        """Delete those among `files` that `session` has attached."""
        for file in files:
            if path := self._attached(session, file):
                self._drop(path)

    def sweep(self) -> None:
        """Delete what nobody has sent along in time, and what an upload has left that was cut off."""
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
        """Delete what no visitor has attached: what uploads left that were cut off or refused.

        No upload may be under way, since its files are nobody's until its end.
        """
        for path in sorted(self.home.rglob("*"), reverse=True):
            status = _status(path)
            if status and stat.S_ISDIR(status.st_mode):
                # Only an empty folder goes.
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
        """Where `file` is, if `session` has attached it and it is an ordinary file that really lies below `home`."""
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
            # Only an empty folder goes.
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _plain(path: Path) -> Path:
    """`path` without `.` and `..`, and without a look at the disk."""
    return Path(os.path.abspath(path))  # noqa: PTH100  Path.resolve would follow links


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (OSError, ValueError):
        return None

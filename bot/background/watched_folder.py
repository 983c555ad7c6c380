"""A folder that is watched for new archives.

A file counts as complete once it has stayed the same between two looks. A list of what was read is kept beside the
tweets, so nothing is read twice after a restart. A file that is replaced counts as new.

Knows the file system. Does not know what is in a file.
"""

from collections.abc import Iterable
from pathlib import Path

from huggingtweets.core import atomic

# How browsers and sync programs name files that are not complete yet.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".new", ".filepart")
FileState = tuple[int, int]  # size in bytes, and time of the last change in nanoseconds


class WatchedFolder:
    """One watched folder. `memory` is the file with the list of what was read."""

    def __init__(self, folder: Path, memory: Path):
        self._folder = folder
        self._memory = memory
        self._before: dict[str, FileState] = {}

    def ready(self) -> list[Path]:
        """New files and unpacked archives that have not changed since the last look, sorted by name."""
        now = dict(self._states())
        seen = self._seen()
        names = [name for name, state in now.items() if self._before.get(name) == state and seen.get(name) != state]
        self._before = now
        return [self._folder / name for name in sorted(names)]

    def done(self, path: Path) -> None:
        """`path` was read: leave it out from now on unless it changes."""
        there = dict(self._states())
        seen = {name: state for name, state in self._seen().items() if name in there}
        atomic.write_json(self._memory, seen | {path.name: there.get(path.name, (0, 0))})

    def _states(self) -> Iterable[tuple[str, FileState]]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
                continue
            try:
                inside = [path, *path.rglob("*")] if path.is_dir() else [path]
                stats = [one.stat() for one in inside]
            except OSError:  # it was deleted between the two calls, or is not readable yet
                continue
            yield path.name, (sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats))

    def _seen(self) -> dict[str, FileState]:
        try:
            rows = atomic.read_json(self._memory)
            return {str(name): (int(size), int(changed)) for name, (size, changed) in rows.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError):
            return {}  # if the list is damaged, everything is read a second time, which changes nothing

"""A folder that is watched for new archives: what is whole and was not seen before.

A file counts as whole once it has stayed the same between two looks. What was seen is kept beside the tweets, so that a
restart reads nothing twice; a file that is replaced is new. Knows the file system. Does not know what is in a file.
"""

from collections.abc import Iterable
from pathlib import Path

from huggingtweets.core import atomic

# How browsers, sync programs and people name what is not whole, or not meant.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".new", ".filepart")
State = tuple[int, int]  # bytes, and when it was changed last, in nanoseconds


class Folder:
    """One watched folder; `memory` is the file in which what was seen is kept."""

    def __init__(self, folder: Path, memory: Path):
        self._folder = folder
        self._memory = memory
        self._before: dict[str, State] = {}

    def ready(self) -> list[Path]:
        """New files and unpacked archives that have not changed since the last look, by name."""
        now = dict(self._states())
        seen = self._seen()
        found = [name for name, state in now.items() if self._before.get(name) == state and seen.get(name) != state]
        self._before = now
        return [self._folder / name for name in sorted(found)]

    def done(self, path: Path) -> None:
        """Do not bring this one again unless it changes."""
        there = dict(self._states())
        seen = {name: state for name, state in self._seen().items() if name in there}
        atomic.write_json(self._memory, seen | {path.name: there.get(path.name, (0, 0))})

    def _states(self) -> Iterable[tuple[str, State]]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
                continue
            try:
                inside = [path, *path.rglob("*")] if path.is_dir() else [path]
                stats = [one.stat() for one in inside]
            except OSError:  # gone between the two calls, or not readable yet
                continue
            yield path.name, (sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats))

    def _seen(self) -> dict[str, State]:
        try:
            kept = atomic.read_json(self._memory)
            return {str(name): (int(size), int(changed)) for name, (size, changed) in kept.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError):
            return {}  # a damaged memory costs a second reading, which changes nothing

"""What was read from files, remembered for as long as the files stay the same.

Knows paths and when files change. Does not know what is in the files.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
State = tuple[int, int, int]


class Remembered(Generic[T]):
    """The values of at most `most` files. A file that is replaced is read again, whoever replaced it."""

    def __init__(self, most: int):
        self._most = most
        self._values: dict[Path, tuple[State, T]] = {}

    def read(self, path: Path, parse: Callable[[Path], T]) -> T:
        """The value of the file at `path`. Raises `OSError` if there is none, and what `parse` raises."""
        # Looked at before it is read: if the file is replaced in between, it is read again the next time.
        state = _state(path)
        if path in self._values and self._values[path][0] == state:
            return self._values[path][1]
        return self._keep(path, state, parse(path))

    def note(self, path: Path, value: T) -> None:
        """Remember `value`, which was just written to `path`. Only for the one who may write there."""
        self._keep(path, _state(path), value)

    def drop(self, path: Path) -> None:
        """Remember nothing of the file at `path`."""
        self._values.pop(path, None)

    def _keep(self, path: Path, state: State, value: T) -> T:
        self._values.pop(path, None)
        # Threads may do this at the same time.
        for oldest in list(self._values)[: max(0, len(self._values) + 1 - self._most)]:
            self._values.pop(oldest, None)
        if self._most:
            self._values[path] = state, value
        return value


def _state(path: Path) -> State:
    """What differs between two files that were at `path`: a file that is replaced whole is another one."""
    state = path.stat()
    return state.st_ino, state.st_mtime_ns, state.st_size

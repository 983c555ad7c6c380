"""When each source was last asked which of its tweets are still there, and how far an unfinished look is.

Knows `<handle>.checked.json` and `<handle>.looks.json` beside the tweets. Does not know what is asked of whom.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from huggingtweets.core import atomic

_CHECKED, _LOOKS = ".checked.json", ".looks.json"


class Look(NamedTuple):
    """An unfinished look at what is still there. It began at `since`, and is done up to the id `after`."""

    since: datetime
    after: str


class Looks:
    """The looks at the sources of the accounts in `folder`. Whoever writes holds `locked`, the lock of the tweets."""

    def __init__(self, folder: Path, locked: Callable[[], AbstractContextManager[None]]):
        self._folder = folder
        self._locked = locked

    def mark_checked(self, handle: str, source: str, at: datetime) -> None:
        """Note when `source` was last asked which tweets are still there."""
        with self._locked():
            path = self._file(handle, _CHECKED)
            atomic.write_json(path, _read(path) | {source: at.isoformat()})

    def mark_look(self, handle: str, source: str, look: Look | None) -> None:
        """Note how far a look at the tweets of `source` is; None if it has ended."""
        with self._locked():
            path = self._file(handle, _LOOKS)
            looks = {name: row for name, row in _read(path).items() if name != source}
            if look:
                looks[source] = [look.since.isoformat(), look.after]
            atomic.write_json(path, looks)

    def look(self, handle: str, source: str) -> Look | None:
        """The unfinished look at the tweets of `source`, or None."""
        row = _read(self._file(handle, _LOOKS)).get(source)
        return Look(datetime.fromisoformat(row[0]), row[1]) if row else None

    def checked(self) -> dict[str, dict[str, datetime]]:
        """When each source was last asked, by account and source."""
        return {
            path.name.removesuffix(_CHECKED): {source: datetime.fromisoformat(at) for source, at in _read(path).items()}
            for path in sorted(self._folder.glob(f"*{_CHECKED}"))
        }

    def files(self, handle: str) -> tuple[Path, Path]:
        """The files of one account."""
        return self._file(handle, _CHECKED), self._file(handle, _LOOKS)

    def _file(self, handle: str, ending: str) -> Path:
        return self._folder / f"{handle}{ending}"


def _read(path: Path) -> dict[str, Any]:
    rows: dict[str, Any] = atomic.read_json(path) if path.exists() else {}
    return rows

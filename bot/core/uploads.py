"""Files that people handed over for a training: kept until it has ended, so that it outlives a restart, then deleted.

Knows a folder. Does not know jobs.
"""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingtweets.core.errors import BadSource

UNCLAIMED_SECONDS = 3600.0  # how long files may lie there that no job needs: they are copied before the job is there


class Uploads:
    """One folder a hand-over, below `home`. Its methods block: call them on a thread."""

    def __init__(self, home: Path):
        self.home = home.absolute()

    @classmethod
    def below(cls, data: Path) -> "Uploads":
        """Where the bot with this data has them."""
        return cls(data / "uploads")

    def keep(self, files: Sequence[Path]) -> list[str]:
        """Copies that are ours; a folder is used where it lies. Raises `BadSource` for a file that is not there."""
        folder = self.home / secrets.token_hex(8)
        kept = []
        try:
            for number, file in enumerate(files):
                kept.append(str(file.absolute()) if file.is_dir() else self._copied(file, folder / str(number)))
        except FileNotFoundError as error:
            self.release(kept)
            raise BadSource(str(error.filename), "there is no such file", "name one that there is") from None
        except OSError:
            self.release(kept)
            raise
        return kept

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """A folder for files that are still on their way here, until the end of the block."""
        self.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="arriving-", dir=self.home) as folder:
            yield Path(folder)

    def release(self, files: Iterable[str]) -> None:
        """Delete those among `files` that are ours."""
        for folder in self._folders(files):
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, needed: Iterable[str]) -> None:
        """Delete what nobody needs any more and a kill has left."""
        long_ago = time.time() - UNCLAIMED_SECONDS
        in_use = self._folders(needed)
        for folder in self.home.glob("*"):
            if folder not in in_use and folder.stat().st_mtime < long_ago:
                shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, file: Path, folder: Path) -> str:
        folder.mkdir(parents=True)
        return str(shutil.copyfile(file, folder / file.name))

    def _folders(self, files: Iterable[str]) -> set[Path]:
        """The hand-overs that `files` belong to."""
        inside = (Path(file) for file in files if Path(file).is_relative_to(self.home))
        return {self.home / file.relative_to(self.home).parts[0] for file in inside if file != self.home}

"""Files that people gave for a training. They are kept until it has ended, also through a restart, and then deleted.

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
from huggingtweets.core.text.phrases import Phrase

UNCLAIMED_SECONDS = 3600.0  # files are copied before their job exists, so files without a job are kept this long


class Uploads:
    """Keeps the files of each upload in a folder of its own below `home`. Its methods block: call them in a thread."""

    def __init__(self, home: Path):
        self.home = home.absolute()

    @classmethod
    def below(cls, data: Path) -> "Uploads":
        """The uploads of the bot whose data is in `data`."""
        return cls(data / "uploads")

    def keep(self, files: Sequence[Path]) -> list[str]:
        """Copy `files`, but no folders. Returns the paths; raises `BadSource` for a missing file."""
        folder = self.home / secrets.token_hex(8)
        paths = []
        try:
            for number, file in enumerate(files):
                paths.append(str(file.absolute()) if file.is_dir() else self._copied(file, folder / str(number)))
        except FileNotFoundError as error:
            self.release(paths)
            raise BadSource(
                str(error.filename), Phrase("there is no such file"), Phrase("name one that there is")
            ) from None
        except OSError:
            self.release(paths)
            raise
        return paths

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """A folder for files that are being fetched. It is deleted at the end of the block."""
        self.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="arriving-", dir=self.home) as folder:
            yield Path(folder)

    def release(self, files: Iterable[str]) -> None:
        """Delete those of `files` that are copies made here."""
        for folder in self._folders(files):
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, needed: Iterable[str]) -> None:
        """Delete what a kill has left and no job needs. `needed` are the files of the jobs."""
        long_ago = time.time() - UNCLAIMED_SECONDS
        in_use = self._folders(needed)
        for folder in self.home.glob("*"):
            if folder not in in_use and folder.stat().st_mtime < long_ago:
                shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, file: Path, folder: Path) -> str:
        folder.mkdir(parents=True)
        return str(shutil.copyfile(file, folder / file.name))

    def _folders(self, files: Iterable[str]) -> set[Path]:
        """The folders that `files` are in."""
        inside = (Path(file) for file in files if Path(file).is_relative_to(self.home))
        return {self.home / file.relative_to(self.home).parts[0] for file in inside if file != self.home}

"""Stages that are done once: each leaves a file that says what it was made from, and is passed over while that fits.

`<folder>/stages/<stage>.json` holds the hash of a stage's inputs, its output, and a digest of every file that it wrote.
It is written last and whole, so a stage that was killed is done again, and one whose inputs or files have changed, too.

Knows files and hashes. Does not know what the stages do.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from huggingtweets.core import atomic
from huggingtweets.core.records import JSON

FOLDER = "stages"


class Stages:
    """The stages of one run that builds in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.inputs: dict[str, str] = {}  # stage -> hash of what it was made from, in the order they were asked for

    @property
    def records(self) -> Path:
        """Where the stages leave their files; of no use once the run is over."""
        return self.folder / FOLDER

    def output(
        self,
        stage: str,
        inputs: Any,
        make: Callable[[], JSON],
        *,
        files: Sequence[str] = (),
        clear: Sequence[str] = (),
        fresh: Callable[[JSON], bool] = lambda _: True,
    ) -> JSON:
        """What `make` gives for `inputs` (anything that JSON can hold), or gave in an earlier run.

        `files` are the files and folders below `folder` that `make` writes. They and those of `clear` are deleted
        before it runs for other inputs than last time; what an earlier run left for the same inputs stays, for `make`
        to go on from. `fresh` may refuse an earlier output for what lies outside of `folder`.
        """
        key = self.inputs[stage] = digest(inputs)
        begun, done = self.records / f"{stage}.inputs", self.records / f"{stage}.json"
        known = _read(done)
        if known and known["inputs"] == key and known["files"] == self._digests(files) and fresh(known["output"]):
            return dict(known["output"])
        done.unlink(missing_ok=True)
        if not (begun.exists() and begun.read_text(encoding="utf-8") == key):
            for name in (*files, *clear):
                _delete(self.folder / name)
            atomic.write_text(begun, key)
        output = make()
        atomic.write_json(done, {"inputs": key, "output": output, "files": self._digests(files)})
        return output

    def forget(self) -> None:
        """Delete the stages' files: the version is whole without them."""
        _delete(self.records)

    def _digests(self, names: Sequence[str]) -> dict[str, str]:
        """A digest of each file in `names`, and of each file in the folders among them; none of what is missing."""
        found: dict[str, str] = {}
        for name in names:
            path = self.folder / name
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    found[file.relative_to(self.folder).as_posix()] = file_digest(file)
        return found


def digest(value: Any) -> str:
    """A hash of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """A hash of the bytes of `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:16]


def _read(path: Path) -> JSON | None:
    """A stage's file, or None where there is none that can be read: then the stage is done again."""
    try:
        row = atomic.read_json(path)
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.keys() >= {"inputs", "output", "files"} else None


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

"""Stages that are done only once. Each leaves a record of what it was made from, and is skipped while that is the same.

`<folder>/stages/<stage>.json` holds the hash of a stage's inputs, its output, and a digest of each file that it wrote.
It is written last, whole or not at all. So a stage is done again if it was killed, or if its inputs or files changed.

Knows files and hashes. Does not know what the stages do.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from huggingtweets.core import atomic
from huggingtweets.core.records import JSON

FOLDER = "stages"
KEPT = f"{FOLDER}/kept.jsonl"  # the cleaned tweets


class Stages:
    """The stages of one run that builds in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.inputs: dict[str, str] = {}  # stage -> hash of its inputs, in the order of the stages

    @property
    def records(self) -> Path:
        """The folder of the stages' records. Nobody needs it once the run is over."""
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
        """What `make` returns for `inputs`, or has returned for them in an earlier run.

        `inputs` may be anything that JSON can hold. `files` are the files and folders below `folder` that `make`
        writes. They and those of `clear` are deleted first if the inputs are not those of the last time. If they are,
        they stay, and `make` can go on from them. `fresh` returns False if an earlier output does not fit any more to
        something outside of `folder`.
        """
        key = self.inputs[stage] = digest(inputs)
        begun, done = self.records / f"{stage}.inputs", self.records / f"{stage}.json"
        record = _read(done)
        if record and record["inputs"] == key and record["files"] == self._digests(files) and fresh(record["output"]):
            return dict(record["output"])
        done.unlink(missing_ok=True)
        if not (begun.exists() and begun.read_text(encoding="utf-8") == key):
            for name in (*files, *clear):
                atomic.delete(self.folder / name)
            atomic.write_text(begun, key)
        output = make()
        atomic.write_json(done, {"inputs": key, "output": output, "files": self._digests(files)})
        return output

    def forget(self) -> None:
        """Delete the records. The version is whole without them."""
        atomic.delete(self.records)

    def _digests(self, names: Sequence[str]) -> dict[str, str]:
        """A digest of each file in `names`, and of each file in the folders among them. Missing files have none."""
        digests: dict[str, str] = {}
        for name in names:
            path = self.folder / name
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    digests[file.relative_to(self.folder).as_posix()] = file_digest(file)
        return digests


def digest(value: Any) -> str:
    """A hash of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """A hash of the bytes of `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:16]


def _read(path: Path) -> JSON | None:
    """The record of a stage, or None if there is none that can be read. Then the stage is done again."""
    try:
        row = atomic.read_json(path)
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.keys() >= {"inputs", "output", "files"} else None

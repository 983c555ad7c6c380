"""The record of trainings: hyper-parameters, curves, lineage and samples, in trackio (local), wandb, or nowhere.

Runs and artifacts are those of the original huggingtweets: an import gives the raw data set and the base; `preprocess`
turns raw-dataset into train-dataset; `train` turns train-dataset and pretrained-model into finetuned-model. An artifact
holds what distinguishes it from others of its kind (counts, hashes, settings), and no tweet. So a tweet that is deleted
is deleted everywhere.

One thread of its own does all this, behind a bounded queue. If a tracker is slow, broken or unreachable, only the
record suffers, and never the training.

Does not know trackio and wandb themselves (`in_trackio`, `in_wandb`), or what is trained.
"""

import contextlib
import hashlib
import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.records import JSON
from huggingtweets.tracking.in_trackio import Trackio
from huggingtweets.tracking.in_wandb import Wandb

log = logging.getLogger(__name__)
MAX_WAITING = 10_000  # calls; a figure that finds the queue full is left out
SECONDS_TO_END = 60.0  # for what is waiting when the training is over
LIBRARIES = ("huggingtweets-bot", "torch", "transformers", "tokenizers", "numpy", "safetensors")


class Backend(Protocol):
    """One run at a time; may raise anything, or never come back."""

    def start(self, run: str, job: str, config: JSON) -> str:
        """Begin a run. Returns where people find it."""

    def use(self, artifact: str, kind: str) -> None:
        """Record an artifact as an input of the run."""

    def make(self, artifact: str, kind: str, facts: JSON, files: Sequence[Path], aliases: Sequence[str]) -> None:
        """Record an artifact as an output of the run."""

    def figures(self, step: int | None, figures: Mapping[str, float]) -> None: ...

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None: ...

    def finish(self) -> None: ...


class Tracker:
    """What a training records about itself. Every call returns at once, and none raises."""

    def __init__(self, name: str, backend: Callable[[], Backend] | None):
        self.name = name
        self.runs: dict[str, str] = {}  # job -> where people find its run
        self._backend = backend
        self._calls: queue.Queue[Callable[[Backend], object] | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._is_lost = False

    def start(self, job: str, config: Mapping[str, Any]) -> None:
        """Begin the run `@name-job`, and end the one before."""
        run, shown = f"@{self.name}-{job}", dict(config) | {"job_type": job}

        def begin(backend: Backend) -> None:
            self.runs[job] = backend.start(run, job, shown) or run

        self._tell(begin)

    def use(self, artifact: str, kind: str) -> None:
        """An input of the run."""
        self._tell(lambda backend: backend.use(artifact, kind))

    def make(
        self, artifact: str, kind: str, facts: JSON, files: Sequence[Path] = (), aliases: Sequence[str] = ()
    ) -> None:
        """An output of the run. It is a new version, unless `facts` and `files` are the same as last time."""
        self._tell(lambda backend: backend.make(artifact, kind, facts, files, aliases))

    def figures(self, figures: Mapping[str, float | None], step: int | None = None) -> None:
        """Losses and the like, of one step or of the whole run."""
        numbers = {key: value for key, value in figures.items() if value is not None}
        self._tell(lambda backend: backend.figures(step, numbers))

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows for people to read, such as samples."""
        copied = [list(row) for row in rows]
        self._tell(lambda backend: backend.table(name, columns, copied))

    def close(self, seconds: float = SECONDS_TO_END) -> None:
        """End the last run. Waits until all calls are done, but not longer than `seconds`."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(queue.Full):
            self._calls.put(None, timeout=seconds)
        self._thread.join(seconds)
        if self._thread.is_alive():
            log.warning("the tracker has not answered for %d s; the record of this training is not complete", seconds)

    def _tell(self, call: Callable[[Backend], object]) -> None:
        if self._backend and not self._is_lost:
            if self._thread.ident is None:
                self._thread.start()
            with contextlib.suppress(queue.Full):
                self._calls.put_nowait(call)

    def _work(self) -> None:
        assert self._backend
        try:
            backend = self._backend()
            while call := self._calls.get():
                call(backend)
            backend.finish()
        except BaseException as error:  # noqa: BLE001  nothing that a tracker does may harm the training
            self._is_lost = True
            log.warning("the tracker failed (%s: %s); the training goes on without it", type(error).__name__, error)


@contextmanager
def tracking(name: str, settings: Settings) -> Iterator[Tracker]:
    """The tracker of a training of `name`. It ends with the block."""
    name = str(name)  # a `VoiceName` cannot be a key in trackio's JSON
    tracking_settings = settings.tracking
    backends: dict[str, Callable[[], Backend]] = {
        "trackio": lambda: Trackio(name, settings.records),
        "wandb": lambda: Wandb(name, tracking_settings, settings.records),
    }
    tracker = Tracker(name, backends.get(tracking_settings.tracker))
    try:
        yield tracker
    finally:
        tracker.close()


def libraries() -> dict[str, str]:
    """The versions of Python and of the libraries on which the weights may depend."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def weights_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of weights below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.safetensors"))
    }

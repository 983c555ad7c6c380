"""The record of trainings: hyper-parameters, curves, lineage and samples, in trackio (local), wandb, or nowhere.

Runs and artifacts are those of the original huggingtweets: an import gives the raw data set and the base; `preprocess`
turns raw-dataset into train-dataset; `train` turns train-dataset and pretrained-model into finetuned-model. An artifact
holds what tells two of its kind apart (counts, hashes, settings) and no tweet, so that a tweet that is deleted is
deleted everywhere.

All is done by one thread of its own behind a bounded queue: a tracker that is slow, broken or unreachable costs a
training nothing but the record.

Knows trackio and wandb. Does not know what is trained.
"""

import contextlib
import hashlib
import json
import logging
import os
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from huggingtweets.core.config import Settings, TrackingSettings
from huggingtweets.core.records import JSON

log = logging.getLogger(__name__)
MAX_WAITING = 10_000  # calls; a figure that finds the queue full is left out
SECONDS_TO_END = 60.0  # for what is waiting when the training is over
SECONDS_TO_START = 30  # for wandb to reach its server
LIBRARIES = ("huggingtweets-bot", "torch", "transformers", "tokenizers", "numpy", "safetensors")
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_WEBHOOK_URL")


class Backend(Protocol):
    """One run at a time; may raise anything, or never come back."""

    def start(self, run: str, job: str, config: JSON) -> str:
        """Begin a run; where people find it."""

    def use(self, artifact: str, kind: str) -> None:
        """Record an artifact as an input of the run."""

    def make(self, artifact: str, kind: str, facts: JSON, files: Sequence[Path], aliases: Sequence[str]) -> None:
        """Record an artifact as an output of the run."""

    def figures(self, step: int | None, figures: Mapping[str, float]) -> None: ...

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None: ...

    def finish(self) -> None: ...


class Tracker:
    """What a training tells about itself. Every call returns at once, and none raises."""

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
        """An output of the run: a new version unless `facts` and `files` are those of the last one."""
        self._tell(lambda backend: backend.make(artifact, kind, facts, files, aliases))

    def figures(self, figures: Mapping[str, float | None], step: int | None = None) -> None:
        """Losses and the like, of one step or of the whole run."""
        known = {key: value for key, value in figures.items() if value is not None}
        self._tell(lambda backend: backend.figures(step, known))

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows for people to read, such as samples."""
        kept = [list(row) for row in rows]
        self._tell(lambda backend: backend.table(name, columns, kept))

    def close(self, seconds: float = SECONDS_TO_END) -> None:
        """End the last run; waits for what is waiting, and not longer than `seconds`."""
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
        except BaseException as error:  # noqa: BLE001  whatever a tracker does, the training is not to suffer from it
            self._is_lost = True
            log.warning("the tracker failed (%s: %s); the training goes on without it", type(error).__name__, error)


@contextmanager
def tracking(name: str, settings: Settings) -> Iterator[Tracker]:
    """The tracker of a training of `name`, ended with the block."""
    chosen = settings.tracking
    backends: dict[str, Callable[[], Backend]] = {
        "trackio": lambda: Trackio(name, settings.records),
        "wandb": lambda: Wandb(name, chosen, settings.records),
    }
    tracker = Tracker(name, backends.get(chosen.tracker))
    try:
        yield tracker
    finally:
        tracker.close()


class Trackio:
    """trackio on this machine: one project a model, in SQLite below `folder`; nothing is sent anywhere."""

    def __init__(self, project: str, folder: Path):
        for variable in _ELSEWHERE:
            os.environ.pop(variable, None)
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if "trackio" not in sys.modules:
            os.environ["TRACKIO_DIR"] = str(folder)
        import trackio
        import trackio.utils

        if folder != trackio.utils.TRACKIO_DIR:
            raise RuntimeError(f"this process records in {trackio.utils.TRACKIO_DIR} already")
        for module in [m for key, m in sys.modules.items() if key.split(".")[0] == "trackio"]:
            # It prints to stdout, where a program may be reading our events.
            module.print = lambda *_, **__: None  # type: ignore[attr-defined]
        self._trackio, self._project = trackio, project
        self._run: Any = None

    def start(self, run: str, job: str, config: JSON) -> str:
        self.finish()
        self._run = self._trackio.init(
            self._project, name=run, group=job, config=config, embed=False, auto_log_cpu=False, auto_log_gpu=False
        )
        return ""

    def use(self, artifact: str, kind: str) -> None:
        self._run.use_artifact(artifact, type=kind)

    def make(self, artifact: str, kind: str, facts: JSON, files: Sequence[Path], aliases: Sequence[str]) -> None:
        made = self._trackio.Artifact(artifact, type=kind, metadata=facts)
        with _facts_file(facts) as description:
            made.add_file(description)
            for path in files:
                made.add_file(path, name=path.name)
            self._run.log_artifact(made, aliases=list(aliases))

    def figures(self, step: int | None, figures: Mapping[str, float]) -> None:
        self._run.log(dict(figures), step=step)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._run.log({name: self._trackio.Table(columns=list(columns), data=[list(row) for row in rows])})

    def finish(self) -> None:
        if self._run:
            self._run.finish()
            self._run = None


class Wandb:
    """wandb: at its server with a key, and else offline in `folder`, for `wandb sync` later.

    Offline it cannot know artifacts from other runs, so inputs are only named in the run's settings; and once synced,
    nothing here can take a run back. So no weights go there, in either mode.
    """

    def __init__(self, name: str, chosen: TrackingSettings, folder: Path):
        import wandb

        self._wandb, self._name, self._project = wandb, name, chosen.wandb_project
        self._key = chosen.wandb_key.get_secret_value() if chosen.wandb_key else None
        self._folder = folder / "wandb" / name
        self._folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("WANDB_DATA_DIR", str(self._folder))
        os.environ.setdefault("WANDB_CACHE_DIR", str(self._folder))
        self._run: Any = None
        self._inputs: list[str] = []

    def start(self, run: str, job: str, config: JSON) -> str:
        self.finish()
        self._inputs = []
        self._run = self._wandb.init(
            project=self._project,
            name=run,
            group=self._name,
            job_type=job,
            config=config,
            dir=str(self._folder),
            mode="online" if self._key else "offline",
            settings=self._wandb.Settings(
                # Not by login(), which would write it into the home folder.
                api_key=self._key,
                init_timeout=SECONDS_TO_START,
                silent=True,
                console="off",
                disable_git=True,
            ),
        )
        return f"[{run}]({self._run.url})" if self._key and self._run.url else ""

    def use(self, artifact: str, kind: str) -> None:
        if self._key:
            self._run.use_artifact(f"{artifact}:latest", type=kind)
        self._inputs.append(f"{artifact} ({kind})")
        self._run.config.update({"inputs": list(self._inputs)}, allow_val_change=True)

    def make(self, artifact: str, kind: str, facts: JSON, files: Sequence[Path], aliases: Sequence[str]) -> None:
        made = self._wandb.Artifact(artifact, type=kind, metadata=facts)
        with _facts_file(facts) as description:
            made.add_file(str(description))
            logged = self._run.log_artifact(made, aliases=["latest", *aliases])
            if self._key:
                logged.wait(timeout=SECONDS_TO_START)

    def figures(self, step: int | None, figures: Mapping[str, float]) -> None:
        if step is None:
            self._run.summary.update(dict(figures))
        else:
            self._run.log(dict(figures), step=step)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._run.log({name: self._wandb.Table(columns=list(columns), data=[list(row) for row in rows])})

    def finish(self) -> None:
        if self._run:
            self._run.finish()
            self._run = None


def libraries() -> dict[str, str]:
    """The versions that the weights may depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def weights_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of weights below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.safetensors"))
    }


def kept_of(name: str, records: Path) -> list[Path]:
    """Every file and folder in which something of the model `name` is recorded; what `recorded` knows it by is last."""
    if not records.exists():
        return []
    own = [*records.glob(f"{name}_*.parquet"), *sorted(records.glob(f"{name}.*"), key=_is_no_table)]
    return [folder for folder in records.glob(f"*/{name}") if folder.is_dir()] + own


def recorded(records: Path) -> set[str]:
    """Models of which something is recorded."""
    files = (path for path in records.glob("*.*") if _is_no_table(path))
    return {path.name.partition(".")[0] for path in files} | {
        path.name for path in records.glob("*/*") if path.is_dir()
    }


def _is_no_table(path: Path) -> bool:
    """The tables that trackio exports have names from which the model's cannot be told, as in `ann_system.parquet`."""
    return path.suffix != ".parquet"


@contextmanager
def _facts_file(facts: JSON) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="huggingtweets-") as folder:
        path = Path(folder) / "facts.json"
        path.write_text(json.dumps(facts, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
        yield path

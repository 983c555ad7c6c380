"""The record in trackio: one project a model, in SQLite on this machine.

Knows trackio. Does not know what is trained.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingtweets.core.records import JSON
from huggingtweets.tracking.facts_file import facts_file

_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_WEBHOOK_URL")


class Trackio:
    """trackio on this machine: a project for each model, in SQLite below `folder`. Nothing is sent anywhere."""

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
        _silence()
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
        with facts_file(facts) as description:
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


def _silence() -> None:
    """Keep trackio from printing to stdout, where people see our progress and programs read our results.

    trackio 0.43 has no setting for that: `init` prints in any case. `contextlib.redirect_stdout` would not do, because
    it redirects the whole process, and the training prints from another thread meanwhile. So trackio's modules get a
    `print` of their own, which does nothing.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "trackio":
            module.print = lambda *_, **__: None  # type: ignore[attr-defined]

"""The record in wandb, online or offline.

Knows wandb. Does not know what is trained.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingtweets.core.config.settings import TrackingSettings
from huggingtweets.core.records import JSON
from huggingtweets.tracking.facts_file import facts_file

SECONDS_TO_START = 30  # for wandb to reach its server


class Wandb:
    """wandb: at its server if there is a key, or else offline in `folder`, for a later `wandb sync`.

    Offline, wandb does not know artifacts of other runs, so inputs are only named in the run's settings. Once a run is
    synced, nothing here can take it back. So weights never go there.
    """

    def __init__(self, name: str, settings: TrackingSettings, folder: Path):
        import wandb

        self._wandb, self._name, self._project = wandb, name, settings.wandb_project
        self._key = settings.wandb_key.get_secret_value() if settings.wandb_key else None
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
                # login() would write the key into the home folder.
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
        with facts_file(facts) as description:
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

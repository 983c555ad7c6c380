"""A training: from tweets to a version in use, in stages.

Each stage leaves a file that says what it was made from. So a run that was killed goes on where it was when it is
started again. A version comes into use by one last rename, and only if it passes the gate.

Knows the order of the stages. Does not know what is done in them, or who is told of the progress.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.events import Done, Progress, Say
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.process.peak_memory import peak_memory_mib
from huggingtweets.core.records import Counts, Report, Verdict
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.evaluation.quality_gate import judge
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.owners import Owned
from huggingtweets.tracking import lineage
from huggingtweets.tracking.trackers import tracking
from huggingtweets.workflow.describing import choose_samples, describe, evaluate, leave_card, write_profile
from huggingtweets.workflow.fine_tuning import fine_tune
from huggingtweets.workflow.preparing import prepare
from huggingtweets.workflow.training_run import TrainingRun


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave. `notes` say what was left out of the files, and what could not be read in them."""

    version: Version
    seconds: float
    notes: tuple[Phrase, ...] = ()

    @property
    def counts(self) -> Counts:
        return self.version.manifest.counts

    @property
    def report(self) -> Report:
        return self.version.manifest.measured

    @property
    def verdict(self) -> Verdict:
        return self.version.manifest.verdict

    @property
    def samples(self) -> tuple[str, ...]:
        return self.version.manifest.samples

    @property
    def event(self) -> Done:
        """What the run says at its end."""
        return self.version.as_event(seconds=self.seconds, notes=self.notes, peak_memory_mb=peak_memory_mib())


def run(
    name: VoiceName,
    files: Sequence[Path | Owned],
    settings: Settings,
    *,
    say: Say = lambda _: None,
    min_new: int = 0,
    kept_before: Collection[str] | None = None,
) -> Outcome:
    """Learn `name` from `files` and from what was collected before. The new version is in use if it passes the gate.

    Raises `Usage`, `BadSource`, `TooLittleData`, `BadBase`, `Unavailable`, and `TooFewNew` if fewer than `min_new`
    tweets were downloaded since the version in use.

    A run that is refused leaves no tweets of anybody who is not among `kept_before`; None stands for those whose tweets
    are there now.
    """
    started = time.monotonic()
    with Registry(settings.storage.models).training(name) as folder, tracking(name, settings) as tracker:
        training_run = TrainingRun(name, settings, folder, say, tracker, kept_before)
        prepared = prepare(training_run, files, min_new)
        training = fine_tune(training_run, prepared.dataset)
        evaluation = evaluate(training_run, prepared.dataset)
        samples = choose_samples(training_run, evaluation.tweets)
        write_profile(training_run)
        verdict = judge(evaluation.report, settings.gate)
        seconds = time.monotonic() - started
        manifest = describe(training_run, prepared, training, evaluation, samples, verdict, seconds)
        leave_card(training_run, manifest)
        version = _register(training_run, manifest)
    warning = verdict.why_not or verdict.caution
    training_run.say(
        Progress("register", facts={"version": version.version, "in_use": verdict.passed}, warning=warning)
    )
    return Outcome(version, time.monotonic() - started, prepared.notes)


def _register(training_run: TrainingRun, manifest: Manifest) -> Version:
    """Make a version of the folder, and put it in use if it passes the gate."""
    registry, verdict = training_run.registry, manifest.verdict
    training_run.stages.forget()
    version = (registry.release if verdict.passed else registry.add)(training_run.name, training_run.folder, manifest)
    lineage.registered(training_run.tracker, version, verdict.passed)
    return version

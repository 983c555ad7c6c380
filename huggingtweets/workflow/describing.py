"""The stages after the training: how good the voice is, what it writes, who it sounds like, and a card that says so.

Knows what is measured and drawn, and the manifest. Does not know how any of it is done.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from huggingtweets.core import atomic
from huggingtweets.core.errors import PipelineError, Unavailable
from huggingtweets.core.events import Progress
from huggingtweets.core.process.cpu import use_threads
from huggingtweets.core.records import JSON, Counts, Report, Verdict
from huggingtweets.core.work import Work
from huggingtweets.generation.checks import first_objection
from huggingtweets.generation.unwanted import operators_checks
from huggingtweets.publishing.export import write_card
from huggingtweets.registry.manifest import (
    CARD,
    DISCRIMINATOR,
    PROFILE,
    PROFILE_PICTURE,
    LearnedAccount,
    Manifest,
    Prompted,
    Tracked,
    TrainingFacts,
)
from huggingtweets.registry.version import Version
from huggingtweets.tracking.trackers import libraries
from huggingtweets.tweets.learned.clean import Kept
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.preparing import Prepared
from huggingtweets.workflow.stages import file_digest
from huggingtweets.workflow.training_run import TrainingRun

log = logging.getLogger(__name__)

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report, the drafts that pass the checks, and some texts that go on from the card's prompt."""

    report: Report
    tweets: tuple[str, ...]
    prompted: tuple[str, ...]


def evaluate(run: TrainingRun, dataset: Dataset) -> Evaluation:
    """Measure the new version on the held-out tweets, and on tweets that it draws. Leave its discriminator."""
    settings = run.settings
    inputs = [
        run.stages.inputs["train"],
        settings.generation.model_dump(exclude={"threads", "candidates", "candidate_seconds"}),
        [settings.gate.drafts, settings.training.row_tokens, settings.training.seed, settings.card.prompt],
        list(run.in_use.key) if run.in_use else None,
        run.digests_of_others,
    ]
    output = run.stages.output("evaluate", inputs, lambda: _evaluated(run, dataset), files=[DISCRIMINATOR])
    report = Report.from_json(output["report"])
    run.say(Progress("evaluate", facts=report.as_json()))
    return Evaluation(report, tuple(output["tweets"]), tuple(wanted_only(run, output["prompted"])))


def _evaluated(run: TrainingRun, dataset: Dataset) -> JSON:
    from huggingtweets.evaluation.measure import Subject, gone_on, measured
    from huggingtweets.model.merged import load_weights
    from huggingtweets.workflow.selecting import leave_discriminator

    settings, training = run.settings, run.training
    use_threads(training.threads)
    load = partial(load_weights, run.folder, settings.base)

    def did(work: Work, amount: int) -> None:
        run.plan.did("evaluate", work, amount)
        # The stage has not ended with the last of it: its figures are said then.
        run.say(Progress("evaluate", min(99, int(100 * run.plan.done_of("evaluate"))), 100))

    subject = Subject.of(run.name, load, settings.base, dataset, training.seed, settings, run.in_use, did)
    report, tweets = measured(subject, run.others, settings)
    leave_discriminator(subject, settings, run.folder)
    prompted = gone_on(subject, settings.card.prompt, SAMPLES)
    return {"report": report.as_json(), "tweets": list(tweets), "prompted": list(prompted)}


def wanted_only(run: TrainingRun, texts: Sequence[str]) -> list[str]:
    """Those of `texts` that have no unwanted word."""
    unwanted = operators_checks(run.settings.words)
    return [text for text in texts if not first_objection(unwanted, text)]


def choose_samples(run: TrainingRun, tweets: Sequence[str]) -> tuple[str, ...]:
    """The first of the drafts that pass the checks and have no unwanted word."""
    wanted = wanted_only(run, tweets)[:SAMPLES]
    output = run.stages.output("samples", wanted, lambda: {"samples": wanted})
    run.say(Progress("samples", facts={"samples": output["samples"]}))
    return tuple(output["samples"])


def write_profile(run: TrainingRun) -> None:
    """Leave what makes the person recognisable, as data and as a picture."""
    people = [run.store.known.account(handle) for handle in run.handles]
    name = " & ".join(person.display_name or f"@{person.handle}" for person in people)
    inputs = [file_digest(run.kept), name, run.digests_of_others]
    facts = run.stages.output("profile", inputs, lambda: _profiled(run, name), files=[PROFILE, PROFILE_PICTURE])
    run.say(Progress("profile", facts=facts))


def _profiled(run: TrainingRun, name: str) -> JSON:
    from huggingtweets.pictures import render
    from huggingtweets.tweets.style.profile import profile

    tweets = [Kept.from_json(row) for row in atomic.read_json_lines(run.kept)]
    facts = profile(tweets, [text for texts in run.others.values() for text in texts])
    atomic.write_json(run.folder / PROFILE, facts)
    try:
        (run.folder / PROFILE_PICTURE).write_bytes(render.profile(name, facts))
    except Unavailable as error:
        log.warning("there is no picture of the profile: %s", error)
    return {"words": [word["word"] for word in facts["words"]]}


def describe(
    run: TrainingRun,
    prepared: Prepared,
    training: TrainingFacts,
    evaluation: Evaluation,
    samples: tuple[str, ...],
    verdict: Verdict,
    seconds: float,
) -> Manifest:
    """All that is known of the new version."""
    settings = run.settings
    return Manifest(
        base=settings.training.base,
        method=settings.training.method,
        seed=settings.training.seed,
        settings=run.training.model_dump(),
        training=training,
        report=evaluation.report,
        verdict=verdict,
        samples=samples,
        prompted=Prompted(prompt=settings.card.prompt, texts=evaluation.prompted),
        languages=prepared.languages,
        libraries=libraries(),
        tracking=Tracked(tracker=settings.tracking.tracker, runs=dict(run.tracker.runs)),
        base_fingerprint=run.base_fingerprint,
        accounts=tuple(_account(run, handle, counts) for handle, counts in prepared.counts.items()),
        stages=run.stages.inputs,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
    )


def _account(run: TrainingRun, handle: str, counts: Counts) -> LearnedAccount:
    return LearnedAccount(**run.store.known.account(handle).as_json(), counts=counts)


def leave_card(run: TrainingRun, manifest: Manifest) -> None:
    """Leave the card and its pictures. If that fails the version is good all the same."""
    version = Version(run.name, run.registry.upcoming(run.name), run.folder, manifest)
    try:
        write_card(version, run.settings, run.folder / CARD)
    except (PipelineError, OSError) as error:
        run.say(Progress("card", warning=f"There is no model card: {error}"))
    else:
        run.say(Progress("card"))

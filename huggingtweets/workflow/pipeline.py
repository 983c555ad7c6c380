"""The stages from tweets to a version in use: from collect and clean over train and evaluate to card and register.

Each stage leaves a file that says what it was made from, so a run that was killed goes on where it was when it is
started again. Nothing is in use before the last rename, and nothing that does not pass the gate.

Knows the order of the stages. Does not know what is done inside them, or who is told of the progress.
"""

import logging
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from huggingtweets.core import atomic
from huggingtweets.core.config import Settings, TrainingSettings
from huggingtweets.core.cpu import keep_freed_memory, use_threads
from huggingtweets.core.errors import (
    BadData,
    Forgotten,
    OptedOut,
    PipelineError,
    TooFewNew,
    Unavailable,
    UnknownModel,
    Usage,
)
from huggingtweets.core.events import Done, Progress, Say
from huggingtweets.core.names import VoiceName
from huggingtweets.core.records import JSON, Counts, Report, Verdict
from huggingtweets.evaluation.neighbours import neighbours
from huggingtweets.evaluation.quality_gate import judge
from huggingtweets.model import base as bases
from huggingtweets.publishing.export import write_card
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.manifest import (
    ADAPTER,
    CARD,
    DATASET,
    MODEL,
    PROFILE,
    PROFILE_PICTURE,
    LearnedAccount,
    Manifest,
    Prompted,
    Tracked,
    TrainingFacts,
)
from huggingtweets.registry.versions import Registry, Version
from huggingtweets.sources.owners import Owned, read_owned
from huggingtweets.tracking import lineage
from huggingtweets.tracking.trackers import Tracker, libraries, tracking
from huggingtweets.tweets.clean import Kept, clean_all
from huggingtweets.tweets.dataset import Dataset, make, refuse_too_little
from huggingtweets.tweets.languages import languages
from huggingtweets.tweets.tweet_store import TweetStore
from huggingtweets.workflow.forgetting import leave_no_tweets
from huggingtweets.workflow.stages import FOLDER as STAGE_FILES
from huggingtweets.workflow.stages import Stages, digest, file_digest

if TYPE_CHECKING:
    from huggingtweets.model.base import Base

SAMPLES = 5
KEPT, CHECKPOINT = f"{STAGE_FILES}/kept.jsonl", f"{STAGE_FILES}/checkpoint.pt"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave."""

    version: Version
    seconds: float
    notes: tuple[str, ...] = ()  # what was left out of the files, and what could not be read in them

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
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return self.version.as_event(seconds=self.seconds, notes=self.notes, peak_memory_mb=round(peak_kib / 1024))


def run(
    name: VoiceName,
    files: Sequence[Path | Owned],
    settings: Settings,
    *,
    say: Say = lambda _: None,
    min_new: int = 0,
) -> Outcome:
    """Learn `name` from `files` and from what was collected before; the new version is in use if it passes the gate.

    Raises `Usage`, `BadSource`, `TooLittleData`, `BadBase`, `Unavailable`, and `TooFewNew` if fewer than `min_new`
    tweets were downloaded since the version in use.
    """
    started = time.monotonic()
    registry = Registry(settings.storage.models)
    with registry.staged(name) as folder, tracking(name, settings) as tracker:
        building = _Run(name, settings, folder, say, tracker)
        counts, dataset = building.prepare(files, min_new)
        training = building.train(dataset)
        evaluation = building.evaluate(dataset)
        samples = building.samples(evaluation.tweets)
        building.profile()
        verdict = judge(evaluation.report, settings.gate)
        manifest = building.manifest(counts, training, evaluation, samples, verdict, time.monotonic() - started)
        building.card(manifest, registry.upcoming(name))
        building.stages.forget()
        version = (registry.release if verdict.passed else registry.add)(name, folder, manifest)
        lineage.registered(tracker, version, verdict.passed)
    say(Progress("register", facts={"version": version.version, "in_use": verdict.passed}, warning=verdict.why_not))
    return Outcome(version, time.monotonic() - started, building.notes)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The report, the drafts that pass the checks, and some that go on from the card's prompt."""

    report: Report
    tweets: tuple[str, ...]
    prompted: tuple[str, ...]


class _Run:
    """The stages of one run, each passed over if an earlier run left its output."""

    def __init__(self, name: VoiceName, settings: Settings, folder: Path, say: Say, tracker: Tracker):
        self.name, self.handles = name, name.handles
        self.settings, self.folder, self.say = settings, folder, say
        self.tracker = tracker
        self.store = TweetStore(settings.tweets, remembered=len(self.handles))
        self.kept_before = self.store.handles()
        self.stages = Stages(folder)
        self.notes: tuple[str, ...] = ()
        try:
            self.in_use: Version | None = Registry(settings.storage.models).current(name)
        except UnknownModel:
            self.in_use = None

    @cached_property
    def base_fingerprint(self) -> str:
        return bases.fingerprint(self.settings.training.base)

    @cached_property
    def others(self) -> Mapping[str, Sequence[str]]:
        return neighbours(self.name, self.settings)

    def prepare(self, files: Sequence[Path | Owned], min_new: int) -> tuple[dict[str, Counts], Dataset]:
        """Collect, clean and split the tweets. Raises what these stages raise, and `TooFewNew`."""
        is_begun = any(self.folder.iterdir())
        try:
            self.collect([file if isinstance(file, Owned) else Owned(file) for file in files])
            counts = self.clean()
            self.refuse_too_few_new(counts, min_new)
            dataset = self.dataset(counts)
        except (Usage, BadData, Unavailable) as error:
            # The inputs are at fault: there is nothing to go on from but what an earlier run left.
            if not is_begun or isinstance(error, Forgotten | OptedOut):
                self.leave_nothing()
            raise
        self.track(counts, dataset)
        return counts, dataset

    def collect(self, files: Sequence[Owned]) -> None:
        """Merge the tweets in `files` into the store, drop what a later archive shows to be deleted.

        Raises `Unavailable` when there are none of somebody, `BadSource`, `Forgotten` and `OptedOut`.
        """

        def make() -> JSON:
            new = deleted = 0
            notes: list[str] = []
            for handle, archives in read_owned(self.name, files).items():
                for collected in archives:
                    notes += collected.notes
                    change = self.store.take_in(handle, collected)
                    new, deleted = new + change.new, deleted + change.deleted
            known = {handle: len(self.store.tweets(handle)) for handle in self.handles}
            for handle in known:
                if not known[handle]:
                    raise Unavailable(
                        f"There are no tweets of {handle}; name a file or archive of theirs with --from.",
                        for_people=f"I have no tweets of {handle}; give me a file or archive of theirs.",
                    )
            facts = {"tweets": sum(known.values()), "new": new} | ({"deleted": deleted} if deleted else {})
            return {"facts": facts, "notes": notes, "left": self._fingerprints()}

        Accounts(self.settings).refuse(self.name)
        inputs = [[file.handle, *_file_state(file.path)] for file in files]
        fresh = lambda output: output["left"] == self._fingerprints()  # noqa: E731
        output = self.stages.output("collect", inputs, make, fresh=fresh)
        self.notes = tuple(output.get("notes", ()))
        self.say(Progress("collect", facts=output["facts"], warning=" ".join(self.notes)))

    def leave_nothing(self) -> None:
        """Delete what is staged, and the tweets that this run brought where there is no version that learned them."""
        Registry(self.settings.storage.models).discard(self.name)
        leave_no_tweets(self.name, self.settings, self.kept_before)

    def clean(self) -> dict[str, Counts]:
        """Keep what can be learned from, by handle; raises `TooLittleData`."""

        def make() -> JSON:
            rows: list[JSON] = []
            counts: JSON = {}
            for handle in self.handles:
                kept, counted = clean_all(self.store.tweets(handle))
                rows += [tweet.as_json() | {"handle": handle} for tweet in kept]
                counts[handle] = counted.as_json()
                refuse_too_little(handle, kept, self.settings.training.min_characters, counted)
            atomic.write_json_lines(self.folder / KEPT, rows)
            return {"counts": counts, "characters": sum(len(row["text"]) for row in rows)}

        inputs = [self._fingerprints(), self.settings.training.min_characters]
        output = self.stages.output("clean", inputs, make, files=[KEPT])
        counts = {handle: Counts.from_json(row) for handle, row in output["counts"].items()}
        self._tell_cleaned(Counts.sum(counts.values()), output["characters"])
        return counts

    def refuse_too_few_new(self, counts: Mapping[str, Counts], needed: int) -> None:
        """Raises `TooFewNew`. A first version has nothing to compare with."""
        if self.in_use is None:
            return
        known = self.in_use.manifest.counts.downloaded
        new = max(0, sum(count.downloaded for count in counts.values()) - known)
        if new < needed:
            raise TooFewNew(self.name, new, needed)

    def _tell_cleaned(self, counts: Counts, characters: int) -> None:
        enough = self.settings.training.warn_characters
        few = f"{characters:,} characters are few: the voice will be faint below {enough:,}."
        facts = {**counts.as_json(), "characters": characters}
        self.say(Progress("clean", facts=facts, warning=few if characters < enough else ""))

    def dataset(self, counts: Mapping[str, Counts]) -> Dataset:
        """Split what was kept; what the version in use has learned or held out stays where it was."""
        chosen = self.settings.training

        def make_dataset() -> JSON:
            people: dict[str, list[Kept]] = {handle: [] for handle in self.handles}
            for row in atomic.read_json_lines(self.folder / KEPT):
                if chosen.replies or not row["is_reply"]:
                    people[row["handle"]].append(Kept.from_json(row))
            before = Dataset.load(self.in_use.dataset) if self.in_use else None
            dataset = make(people, chosen, before, counts)
            dataset.save(self.folder / DATASET)
            left_out = sum(map(len, people.values())) - len(dataset.texts)
            return {"learned": len(dataset.learned), "held_out": len(dataset.held_out), "near_copies": left_out}

        settings = chosen.model_dump(include={"held_out", "replies", "deduplicate", "min_characters"})
        before = file_digest(self.in_use.dataset) if self.in_use else ""
        inputs = [file_digest(self.folder / KEPT), settings, before]
        facts = self.stages.output("dataset", inputs, make_dataset, files=[DATASET])
        self.say(Progress("dataset", facts=facts))
        return Dataset.load(self.folder / DATASET)

    def track(self, counts: Mapping[str, Counts], dataset: Dataset) -> None:
        """Tell the tracker what is learned from, by counts and hashes."""
        raw: JSON = {handle: counted.as_json() for handle, counted in counts.items()}
        sizes = {"learned": len(dataset.learned), "held_out": len(dataset.held_out), "characters": dataset.characters}
        lineage.prepared(
            self.tracker,
            raw | {"sha256": self._fingerprints()},
            sizes | {"sha256": file_digest(self.folder / DATASET)},
            self.settings.training,
            self.base_fingerprint,
        )

    def languages(self) -> tuple[str, ...]:
        """What the people tweet in; several people's tweets are told apart by nothing but their number."""
        return tuple(languages([tweet for handle in self.handles for tweet in self.store.tweets(handle)]))

    def manifest(
        self,
        counts: Mapping[str, Counts],
        training: TrainingFacts,
        evaluation: _Evaluation,
        samples: tuple[str, ...],
        verdict: Verdict,
        seconds: float,
    ) -> Manifest:
        """All that is known of the new version."""
        settings = self.settings
        return Manifest(
            base=settings.training.base,
            method=settings.training.method,
            seed=settings.training.seed,
            settings=settings.training.model_dump(),
            training=training,
            report=evaluation.report,
            verdict=verdict,
            samples=samples,
            prompted=Prompted(prompt=settings.card.prompt, texts=evaluation.prompted),
            languages=self.languages(),
            libraries=libraries(),
            tracking=Tracked(tracker=settings.tracking.tracker, runs=dict(self.tracker.runs)),
            base_fingerprint=self.base_fingerprint,
            accounts=tuple(self._learned(handle, counted) for handle, counted in counts.items()),
            stages=self.stages.inputs,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(seconds, 1),
        )

    def _learned(self, handle: str, counts: Counts) -> LearnedAccount:
        return LearnedAccount(**self.store.account(handle).as_json(), counts=counts)

    def card(self, manifest: Manifest, version: str) -> None:
        """Leave the card and its pictures; a version without them is as good a voice."""
        unnamed = Version(self.name, version, self.folder, manifest)
        try:
            write_card(unnamed, self.settings, self.folder / CARD)
        except (PipelineError, OSError) as error:
            self.say(Progress("card", warning=f"There is no model card: {error}"))
        else:
            self.say(Progress("card"))

    def train(self, dataset: Dataset) -> TrainingFacts:
        """Leave the weights in the folder. Returns what the training was like."""
        chosen = self.settings.training
        settings = chosen.model_dump(exclude={"threads", "checkpoint_seconds"})
        start = self._start(dataset)
        inputs = [
            file_digest(self.folder / DATASET),
            settings,
            self.base_fingerprint,
            list(start.key) if start else None,
        ]
        output = self.stages.output(
            "train",
            inputs,
            lambda: self._train(dataset, chosen, start).model_dump(),
            files=[ADAPTER, MODEL],
            clear=[CHECKPOINT],
        )
        return TrainingFacts.model_validate(output)

    def _start(self, dataset: Dataset) -> Version | None:
        """The version in use, when there is only something to add to what it has learned; else None.

        What somebody deleted is unlearned by beginning anew.
        """
        if self.in_use is None or self.in_use.manifest.base_fingerprint != self.base_fingerprint:
            return None
        form = {"method", "lora_rank", "lora_embedding_rank"}
        if any(self.in_use.manifest.settings.get(key) != getattr(self.settings.training, key) for key in form):
            return None
        return self.in_use if set(Dataset.load(self.in_use.dataset).texts) < set(dataset.texts) else None

    def _train(self, dataset: Dataset, chosen: TrainingSettings, start: Version | None) -> TrainingFacts:
        """Here torch is imported."""
        from huggingtweets.training import finetune as training

        use_threads(chosen.threads)
        keep_freed_memory()
        is_full = chosen.method == "full"
        base = bases.load(str(start.model) if start and is_full else chosen.base)

        def tell(step: training.Step) -> None:
            facts = {"loss": step.loss, "best_held_out_loss": step.best_held_out_loss}
            self.say(Progress("train", step.done, step.total, facts))
            lineage.stepped(self.tracker, step)

        trained = training.train(
            base,
            dataset.repeated,
            chosen,
            self.folder / CHECKPOINT,
            tell,
            start=start.adapter if start and not is_full else None,
        )
        _save_weights(self.folder, base, trained.weights, chosen)
        return TrainingFacts(
            epochs=trained.epochs,
            kept_epoch=trained.kept_epoch,
            steps=trained.steps,
            tokens=trained.tokens,
            batch_tokens=trained.batch_tokens,
            learning_rate=trained.learning_rate,
            seconds=round(trained.seconds, 1),
            curve=trained.curve,
            start=start.version if start else None,
        )

    def evaluate(self, dataset: Dataset) -> _Evaluation:
        """Measure the new version on the held-out tweets, and on tweets that it draws."""
        others, settings = self.others, self.settings
        inputs = [
            self.stages.inputs["train"],
            settings.generation.model_dump(exclude={"threads"}),
            [settings.gate.drafts, settings.training.row_tokens, settings.training.seed, settings.card.prompt],
            list(self.in_use.key) if self.in_use else None,
            {handle: digest(texts) for handle, texts in others.items()},
        ]

        def make() -> JSON:
            from huggingtweets.evaluation.measure import Subject, gone_on, measured
            from huggingtweets.model.merged import load_weights

            use_threads(settings.training.threads)
            base = settings.training.base
            voice = load_weights(self.folder, base)
            subject = Subject(self.name, voice, base, dataset, settings.training.seed)
            report, tweets = measured(subject, self.in_use, others, settings)
            prompted = gone_on(subject, settings.card.prompt, settings, SAMPLES)
            return {"report": report.as_json(), "tweets": list(tweets), "prompted": list(prompted)}

        output = self.stages.output("evaluate", inputs, make)
        report = Report.from_json(output["report"])
        self.say(Progress("evaluate", facts=report.as_json()))
        return _Evaluation(report, tuple(output["tweets"]), tuple(output["prompted"]))

    def samples(self, tweets: Sequence[str]) -> tuple[str, ...]:
        """The first of the drafts that pass the checks."""
        chosen = self.stages.output("samples", list(tweets), lambda: {"samples": list(tweets[:SAMPLES])})["samples"]
        self.say(Progress("samples", facts={"samples": chosen}))
        return tuple(chosen)

    def profile(self) -> None:
        """Leave what makes the person recognisable, as data and as a picture."""
        from huggingtweets.tweets.profile import profile

        others = self.others
        people = [self.store.account(handle) for handle in self.handles]
        name = " & ".join(person.display_name or f"@{person.handle}" for person in people)

        def make() -> JSON:
            from huggingtweets.pictures import render as preview

            kept = [Kept.from_json(row) for row in atomic.read_json_lines(self.folder / KEPT)]
            facts = profile(kept, [text for texts in others.values() for text in texts])
            atomic.write_json(self.folder / PROFILE, facts)
            try:
                (self.folder / PROFILE_PICTURE).write_bytes(preview.profile(name, facts))
            except Unavailable as error:
                log.warning("there is no picture of the profile: %s", error)
            return {"words": [word["word"] for word in facts["words"]]}

        inputs = [file_digest(self.folder / KEPT), name, {handle: digest(texts) for handle, texts in others.items()}]
        facts = self.stages.output("profile", inputs, make, files=[PROFILE, PROFILE_PICTURE])
        self.say(Progress("profile", facts=facts))

    def _fingerprints(self) -> list[str]:
        return [self.store.fingerprint(handle) for handle in self.handles]


def _save_weights(staged: Path, base: "Base", weights: Mapping[str, object], settings: TrainingSettings) -> None:
    """An adapter as an adapter; a full fine-tune as an ordinary model folder."""
    from huggingtweets.model import lora
    from huggingtweets.training.finetune import ALPHA_PER_RANK

    if settings.method == "lora":
        lora.save(
            dict(weights),  # type: ignore[arg-type]
            staged / ADAPTER,
            base=bases.hub_id(settings.base) or settings.base,
            rank=settings.lora_rank,
            alpha=ALPHA_PER_RANK * settings.lora_rank,
            embedding_rank=settings.lora_embedding_rank,
        )
    else:
        bases.hide_progress_bars()
        base.model.save_pretrained(staged / MODEL)
        base.tokenizer.save(str(staged / MODEL / "tokenizer.json"))
        atomic.readable_as_usual(staged / MODEL)


def _file_state(path: Path) -> list[object]:
    """What changes when the file does, without reading it: an archive may have gigabytes."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return [str(path)]  # the source's reader says what is wrong with it
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]

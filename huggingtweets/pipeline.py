"""The stages from tweets to a version in use: collect, clean, dataset, train, evaluate, samples, register.

The inputs decide the name of the staged folder, so a run that was killed goes on in the same one when it is started
again. Nothing is in use before the last rename.

Knows the order of the stages. Does not know what is done inside them, or who is told of the progress.
"""

import hashlib
import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from huggingtweets import base as bases
from huggingtweets import sources
from huggingtweets.clean import Kept, clean_all
from huggingtweets.config import Settings, Training
from huggingtweets.cpu import keep_freed_memory, use_threads
from huggingtweets.dataset import Dataset, refuse_too_little, split_by_time
from huggingtweets.errors import Unavailable
from huggingtweets.records import JSON, Counts, Report
from huggingtweets.registry import Registry, Version
from huggingtweets.tweet_store import TweetStore

if TYPE_CHECKING:
    from huggingtweets.base import Base

STAGES = ("collect", "clean", "dataset", "train", "evaluate", "samples", "register")
SAMPLES = 5
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Progress:
    """One stage's state: `done` of `total`, with figures that may interest somebody."""

    stage: str
    done: int = 1
    total: int = 1
    facts: Mapping[str, object] = field(default_factory=dict)
    warning: str = ""

    def as_json(self) -> JSON:
        row: JSON = {"event": "progress", "stage": self.stage, "done": self.done, "total": self.total, **self.facts}
        return row | {"warning": self.warning} if self.warning else row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave."""

    version: Version
    counts: Counts
    report: Report
    samples: tuple[str, ...]
    seconds: float

    def as_json(self) -> JSON:
        return {
            "event": "done",
            "name": self.version.name,
            "version": self.version.version,
            "base": self.version.base,
            **self.counts.as_json(),
            "report": self.report.as_json(),
            "samples": list(self.samples),
            "seconds": round(self.seconds, 1),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


Say = Callable[[Progress], None]


def run(
    name: str, files: Sequence[Path], settings: Settings, *, beside: Path | None = None, say: Say = lambda _: None
) -> Outcome:
    """Learn `name` from `files` and from what was collected before, and put the new version in use.

    `beside` is the folder that a relative base counts from. Raises `BadSource`, `TooLittleData`, `BadBase`,
    `Unavailable`.
    """
    started = time.monotonic()
    _collect(name, files, settings, say)
    kept, counts = _clean(name, settings, say)
    registry = Registry(settings.storage.models)
    fingerprint = bases.fingerprint(settings.training.base, beside)
    with registry.staged(name, _identity(kept, settings.training, fingerprint)) as staged:
        dataset = split_by_time(kept, settings.training.held_out)
        dataset.save(staged / "dataset.jsonl")
        say(Progress("dataset", facts={"learned": len(dataset.learned), "held_out": len(dataset.held_out)}))
        manifest, report, samples = _learn(staged, dataset, settings, beside, say)
        account = TweetStore(settings.tweets).account(name)
        manifest |= {
            "base_fingerprint": fingerprint,
            "accounts": [account.as_json() | {"counts": counts.as_json()}],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 1),
        }
        (staged / CHECKPOINT).unlink(missing_ok=True)
        version = registry.add(name, staged, manifest)
        registry.promote(name, version.version)
    say(Progress("register", facts={"version": version.version}))
    return Outcome(version, counts, report, samples, time.monotonic() - started)


def _collect(name: str, files: Sequence[Path], settings: Settings, say: Say) -> None:
    store = TweetStore(settings.tweets)
    new = 0
    if files:
        new = store.merge(name, sources.read_all(files))
    known = len(store.tweets(name))
    if not known:
        raise Unavailable(f"There are no tweets of {name}; name a file or archive of theirs with --from.")
    say(Progress("collect", facts={"tweets": known, "new": new}))


def _clean(name: str, settings: Settings, say: Say) -> tuple[list[Kept], Counts]:
    kept, counts = clean_all(TweetStore(settings.tweets).tweets(name))
    refuse_too_little(name, kept, settings.training.min_characters)
    characters = sum(len(tweet.text) for tweet in kept)
    warning = ""
    if characters < settings.training.warn_characters:
        warning = (
            f"{characters:,} characters are few: the voice will be faint below {settings.training.warn_characters:,}."
        )
    say(Progress("clean", facts={**counts.as_json(), "characters": characters}, warning=warning))
    return kept, counts


def _learn(
    staged: Path, dataset: Dataset, settings: Settings, beside: Path | None, say: Say
) -> tuple[JSON, Report, tuple[str, ...]]:
    """Train, evaluate and draw samples; leaves the weights in `staged`. Here torch is imported."""
    from huggingtweets import train as training
    from huggingtweets.engine.decode import Sampling
    from huggingtweets.evaluate import evaluate, held_out_bits

    chosen = settings.training
    use_threads(chosen.threads)
    keep_freed_memory()
    base = bases.load(chosen.base, beside)
    base_bits = held_out_bits(base, dataset.held_out, chosen.row_tokens)
    trained = training.train(
        base,
        dataset,
        chosen,
        staged / CHECKPOINT,
        lambda step: say(
            Progress("train", step.done, step.total, {"loss": step.loss, "held_out_loss": step.held_out_loss})
        ),
    )
    _save_weights(staged, base, trained.weights, chosen)
    sampling = Sampling.of(settings.generation)
    report, drafts = evaluate(
        base, base_bits, dataset, sampling=sampling, row_tokens=chosen.row_tokens, seed=chosen.seed
    )
    say(Progress("evaluate", facts=report.as_json()))
    samples = _samples(dataset, [draft.text for draft in drafts if draft.ended])
    say(Progress("samples", facts={"samples": list(samples)}))
    manifest: JSON = {
        "base": chosen.base,
        "method": chosen.method,
        "seed": chosen.seed,
        "settings": chosen.model_dump(),
        "training": {
            "epochs": trained.epochs,
            "steps": trained.steps,
            "tokens": trained.tokens,
            "seconds": round(trained.seconds, 1),
            "curve": list(trained.curve),
        },
        "report": report.as_json(),
        "samples": list(samples),
    }
    return manifest, report, samples


def _save_weights(staged: Path, base: "Base", weights: Mapping[str, object], settings: Training) -> None:
    """An adapter as an adapter; a full fine-tune as an ordinary model folder."""
    from huggingtweets import lora
    from huggingtweets.train import ALPHA_PER_RANK

    if settings.method == "lora":
        lora.save(
            dict(weights),  # type: ignore[arg-type]
            staged / "adapter",
            base=settings.base,
            rank=settings.lora_rank,
            alpha=ALPHA_PER_RANK * settings.lora_rank,
            embedding_rank=settings.lora_embedding_rank,
        )
    else:
        bases.hide_progress_bars()
        base.model.save_pretrained(staged / "model")
        base.tokenizer.save(str(staged / "model" / "tokenizer.json"))


def _samples(dataset: Dataset, drafts: Sequence[str]) -> tuple[str, ...]:
    """The first drafts that pass the checks a tweet must pass."""
    from huggingtweets.checks import Copy, Leftover, Length, first_objection
    from huggingtweets.generate import as_tweet

    checks = (Leftover(), Length(), Copy(dataset.texts))
    passed = (text for text in map(as_tweet, drafts) if not first_objection(checks, text))
    return tuple(dict.fromkeys(passed))[:SAMPLES]


def _identity(kept: Sequence[Kept], settings: Training, base_fingerprint: str) -> str:
    """A hash of all that the weights depend on."""
    chosen = settings.model_dump(exclude={"threads", "checkpoint_seconds"})
    inputs = {"texts": [tweet.text for tweet in kept], "settings": chosen, "base": base_fingerprint}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]

"""What a training records: three runs, and the artifacts that lead from tweets to a model.

    import       -> tweets-NAME (raw-dataset), BASE (pretrained-model)
    preprocess   tweets-NAME -> dataset-NAME (train-dataset)
    train        dataset-NAME, BASE -> NAME (finetuned-model)

Knows the tracker and the figures of a training. Does not know which tracker it is.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.records import JSON
from huggingtweets.model.base import base_name
from huggingtweets.registry.manifest import Prompted
from huggingtweets.registry.version import Version
from huggingtweets.tracking.trackers import Tracker, libraries, weights_digests

if TYPE_CHECKING:
    from huggingtweets.training.finetune import Step

RAW, DATASET, BASE, MODEL = "raw-dataset", "train-dataset", "pretrained-model", "finetuned-model"


def prepared(tracker: Tracker, raw: JSON, dataset: JSON, settings: TrainingSettings, base_fingerprint: str) -> None:
    """The data are ready, and the training begins. `raw` and `dataset` are counts and hashes, not tweets."""
    name, base = tracker.name, artifact_name(settings.base)
    raw, dataset = json.loads(json.dumps([raw, dataset]))  # trackio takes no `VoiceName` as a key
    tracker.start("import", {})
    tracker.make(f"tweets-{name}", RAW, raw)
    tracker.make(base, BASE, {"base": base_name(settings.base), "fingerprint": base_fingerprint})
    cleaning = settings.model_dump(include={"held_out", "replies", "deduplicate", "min_characters"})
    tracker.start("preprocess", cleaning | {"seed": settings.seed})
    tracker.use(f"tweets-{name}", RAW)
    tracker.make(f"dataset-{name}", DATASET, dataset)
    # One seed serves both: it orders the tweets and initialises the adapter.
    seeds = {"data_seed": settings.seed, "training_seed": settings.seed}
    shown_settings = settings.model_dump() | {"base": base_name(settings.base)}
    if not settings.batch_tokens:
        # It depends on the amount of data. Its value is recorded when the training has ended.
        del shown_settings["batch_tokens"]
    tracker.start("train", shown_settings | seeds | {"libraries": libraries()})
    tracker.use(f"dataset-{name}", DATASET)
    tracker.use(base, BASE)


def stepped(tracker: Tracker, step: "Step") -> None:
    """One step of the training. The held-out loss is recorded only at the steps where it was measured."""
    figures = {"loss": step.loss, "held_out_loss": step.held_out_loss, "learning_rate": step.learning_rate}
    tracker.figures(figures, step.done)


def registered(tracker: Tracker, version: Version, is_in_use: bool) -> None:
    """The training made `version`. Its evaluation, its samples and the version itself are recorded."""
    manifest = version.manifest
    for kind, figures in (
        ("training", _numbers(manifest.training.model_dump())),
        ("evaluation", manifest.measured.figures),
    ):
        tracker.figures({f"{kind}/{key}": value for key, value in figures.items()})
    prompted = manifest.prompted or Prompted()
    rows = [(prompted.prompt, text) for text in prompted.texts] + [("", text) for text in manifest.samples]
    tracker.table("examples", ("Input", "Prediction"), rows)
    _made(tracker, version, [f"registry-{version.version}", *(["in-use"] if is_in_use else [])])


def promoted(tracker: Tracker, version: Version) -> None:
    """Somebody has decided that `version` is in use from now on."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    tracker.start("promote", {"version": version.version, "promoted": at})
    # trackio only moves an alias to a newer artifact. With a date of its own, this is a new one.
    _made(tracker, version, ["in-use"], {"promoted": at})


def _made(tracker: Tracker, version: Version, aliases: list[str], more: Mapping[str, str] | None = None) -> None:
    facts = dict(more or {}) | {
        "version": version.version,
        "created": version.manifest.created,
        "base": base_name(version.base),
        "method": version.manifest.method,
        "weights": weights_digests(version.folder),
        "report": version.manifest.measured.figures,
    }
    tracker.make(str(version.name), MODEL, facts, sorted(version.adapter.glob("*")), aliases)


def artifact_name(base: str) -> str:
    """A base's name in the form that trackers accept: letters, digits, dot, hyphen and underscore."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", base_name(base)).strip("-")


def _numbers(facts: Mapping[str, Any]) -> dict[str, float]:
    return {
        key: value for key, value in facts.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }

"""The stage "train": a base model learns the data set, and its weights are left in the folder.

Knows where a training begins and what is saved of it. Does not know how a model learns. Here torch is imported.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from huggingtweets.core import atomic
from huggingtweets.core.events import Progress
from huggingtweets.core.process.cpu import give_back_memory, keep_freed_memory, use_threads
from huggingtweets.core.work import Work
from huggingtweets.model import base as bases
from huggingtweets.registry.manifest import ADAPTER, DATASET, MODEL, TrainingFacts
from huggingtweets.registry.version import Version
from huggingtweets.tracking import lineage
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.stages import FOLDER as STAGE_FILES
from huggingtweets.workflow.stages import file_digest
from huggingtweets.workflow.training_run import TrainingRun
from huggingtweets.workflow.training_size import amounts

if TYPE_CHECKING:
    from huggingtweets.model.base import Base
    from huggingtweets.training.finetune import Step

CHECKPOINT = f"{STAGE_FILES}/checkpoint.pt"
# A training goes on from the version in use only if these settings are the same. Old versions say nothing of layers.
_FORM = {"method": None, "lora_layers": "all", "lora_rank": None, "lora_embedding_rank": None}


def fine_tune(run: TrainingRun, dataset: Dataset) -> TrainingFacts:
    """Leave the weights in the folder. Returns what the training was like."""
    run.plan.expect(amounts(run, dataset))
    start = _start(run, dataset)
    inputs = [
        file_digest(run.folder / DATASET),
        run.training.model_dump(exclude={"threads", "checkpoint_seconds"}),
        run.base_fingerprint,
        list(start.key) if start else None,
    ]
    output = run.stages.output(
        "train",
        inputs,
        lambda: _trained(run, dataset, start).model_dump(),
        files=[ADAPTER, MODEL],
        clear=[CHECKPOINT],
    )
    give_back_memory()  # what was trained is on the disk now
    return TrainingFacts.model_validate(output)


def _start(run: TrainingRun, dataset: Dataset) -> Version | None:
    """The version in use, if there is only something to add to what it has learned; else None.

    What somebody has deleted is unlearned by beginning anew.
    """
    version = run.in_use
    if version is None or version.manifest.base_fingerprint != run.base_fingerprint:
        return None
    if any(version.manifest.settings.get(key, old) != getattr(run.training, key) for key, old in _FORM.items()):
        return None
    return version if set(Dataset.load(version.dataset).texts) < set(dataset.texts) else None


def _trained(run: TrainingRun, dataset: Dataset, start: Version | None) -> TrainingFacts:
    from huggingtweets.training.finetune import train

    settings = run.training
    use_threads(settings.threads)
    is_full = settings.method == "full"
    base = bases.load(str(start.model) if start and is_full else run.settings.base)
    keep_freed_memory()  # not before: what reading the base has needed would be kept, too
    adapter = start.adapter if start and not is_full else None
    run.plan.did("train", "loaded", 1)
    steps = _Steps(run)
    trained = train(base, dataset.repeated, settings, run.folder / CHECKPOINT, steps.tell, start=adapter, did=steps.did)
    _save_weights(run, base, trained.weights)
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
        pairs=trained.pairs,
    )


class _Steps:
    """Tells of each step of a training, and of what is done between two steps."""

    def __init__(self, run: TrainingRun):
        self._run = run
        self._last = Progress("train", 0)

    def tell(self, step: "Step") -> None:
        facts = {"loss": step.loss, "best_held_out_loss": step.best_held_out_loss}
        self._last = Progress("train", step.done, step.total, facts)
        self._run.say(self._last)
        lineage.stepped(self._run.tracker, step)

    def did(self, work: Work, amount: int) -> None:
        self._run.plan.did("train", work, amount)
        if work == "read":
            self._run.say(self._last)


def _save_weights(run: TrainingRun, base: "Base", weights: Mapping[str, object]) -> None:
    """Save an adapter as an adapter, and a full fine-tune as an ordinary model folder."""
    import torch

    from huggingtweets.model import checkpoint, lora
    from huggingtweets.training.finetune import ALPHA_PER_RANK

    settings, folder = run.training, run.folder
    if settings.method == "lora":
        lora.save(
            dict(weights),  # type: ignore[arg-type]
            folder / ADAPTER,
            base.model.description,
            base=bases.hub_id(settings.base) or settings.base,
            rank=settings.lora_rank,
            alpha=ALPHA_PER_RANK * settings.lora_rank,
        )
    else:
        checkpoint.write(base.model, folder / MODEL, torch.float32)
        base.tokenizer.save(str(folder / MODEL / "tokenizer.json"))
        atomic.readable_as_usual(folder / MODEL)

"""Fine-tuning of a base model on one data set: an adapter or all weights, until the held-out loss stops falling.

The state is written every few seconds and on SIGTERM. A killed run continues from it, and ends with exactly the weights
of an undisturbed run: order and batches depend on the seed, and nothing else is random. If the memory does not suffice
for a batch, the batch is learned in parts.

Knows torch, token ids and one checkpoint file. Does not know tweets, versions or people.
"""

import logging
import math
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from huggingtweets.core import atomic
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.process.termination import postponed
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.work import Did, nobody_counts
from huggingtweets.model import checkpoint as checkpoints
from huggingtweets.model import lora
from huggingtweets.model.base import Base
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.loss import mean_loss, summed_loss
from huggingtweets.model.packing import Rows, Tokens, pack
from huggingtweets.model.precision import fast, frozen_as_multiplied
from huggingtweets.model.replies import context_tokens, with_contexts
from huggingtweets.model.tokenizer import encode_all
from huggingtweets.training.adamw import adamw
from huggingtweets.training.recipe import BATCH_TOKENS, batch_tokens_for, epochs_within, for_base, schedule_for
from huggingtweets.tweets.learned.dataset import Dataset, Example

log = logging.getLogger(__name__)

ALPHA_PER_RANK = 2
PAIR_SHARE = 0.4  # of the replies are learned with what was said before
NO_MEMORY = ("can't allocate memory", "could not create a primitive", "could not create a memory object")


@dataclass(frozen=True, slots=True)
class Step:
    """The progress of a training: steps done and planned, losses in nats, tokens learned.

    `held_out_loss` was measured after this step, if the step ends a pass. Otherwise it is None.
    `best_held_out_loss` is the lowest so far. `learning_rate` is the rate of this step.
    """

    done: int
    total: int
    loss: float
    held_out_loss: float | None
    best_held_out_loss: float | None
    learning_rate: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Trained:
    """The weights with the lowest held-out loss: an adapter with peft's names, or a model with the checkpoint's names.

    They are the weights after pass `kept_epoch` of `epochs` passes. Pass 0 stands for the weights at the start.
    `batch_tokens` and `learning_rate` (the highest) are the values that the training used. The settings may leave them
    to the amount of data. `pairs` is the number of replies that were learned with what was said before.
    """

    weights: lora.State
    held_out_loss: float
    base_held_out_loss: float
    epochs: int
    kept_epoch: int
    steps: int
    tokens: int
    batch_tokens: int
    learning_rate: float
    seconds: float
    curve: tuple[dict[str, float], ...]
    pairs: int = 0


@dataclass(slots=True)
class _Place:
    """The position of the training, without weights and optimiser. It is saved and restored as a whole."""

    step: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    stopped: bool = False
    seconds: float = 0.0
    tokens: int = 0
    rows_at_once: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


def train(
    base: Base,
    dataset: Dataset,
    settings: TrainingSettings,
    checkpoint: Path,
    say: Callable[[Step], None] = lambda _: None,
    start: Path | None = None,
    did: Did = nobody_counts,
) -> Trained:
    """Train `base.model` on `dataset.learned` with `settings`. Afterwards `base.model` holds the best weights.

    What is frozen is rounded then as it is while the model learns: to bfloat16 where that is multiplied fast.

    `start` is the folder of an adapter with the same ranks. With it, the training begins with the weights of that
    adapter and not with an empty adapter. They count as the best weights until others are better. `did` hears of the
    tokens that were read and learned, more often than there are steps.

    `checkpoint` is read if it exists, and is written from time to time. It is only valid for this base, data set and
    settings. The training uses the GPU if there is one. Afterwards the model is on the CPU again. Raises
    `PipelineError` if the loss diverges or if the memory does not suffice for a single row. Raises `Terminated` on
    SIGTERM after the state is written.
    """
    settings = for_base(settings, base.model.description.parameters)
    torch.manual_seed(settings.seed)
    base.model.to("cuda" if torch.cuda.is_available() else "cpu")
    pairs = with_their_contexts(dataset.learned_examples, settings.seed)
    rows = tokenized_rows(base, dataset.learned, settings.row_tokens, pairs)
    held_out = tokenized_rows(base, dataset.held_out, settings.row_tokens)
    base.model.requires_grad_(settings.method == "full")
    with frozen_as_multiplied(base.model):
        with fast(base.model.device):
            base_loss = mean_loss(base.model, held_out, did=did)
        if settings.method == "lora":
            rank, layers = settings.lora_rank, lora.linears(base.model, lora.PARTS[settings.lora_layers])
            lora.add(base.model, rank, ALPHA_PER_RANK * rank, settings.lora_embedding_rank, layers)
        if start:
            lora.restore(base.model, load_file(start / lora.WEIGHTS))
        run = _Finetuning(base, rows, held_out, settings, checkpoint, did)
        if start:
            run.judge_start()
        run.resume()
        run.learn(say)
        run.restore_weights(run.best)
    base.model.to("cpu")
    return Trained(
        weights=run.best,
        held_out_loss=run.place.best_loss,
        base_held_out_loss=base_loss,
        epochs=len(run.place.curve),
        kept_epoch=run.place.best_epoch,
        steps=run.place.step,
        tokens=run.place.tokens,
        batch_tokens=run.batch_tokens,
        learning_rate=run.learning_rate,
        seconds=run.place.seconds,
        curve=tuple(run.place.curve),
        pairs=sum(map(bool, pairs)),
    )


def with_their_contexts(examples: Sequence[Example], seed: int) -> list[str]:
    """The context with which each example is learned. It is empty for what is no reply, and for most of the replies.

    So a voice learns to answer, and to write out of nothing as well as before. The seed decides which have theirs.
    benchmarks/README.md, "Replies", has the measurements.
    """
    has_context = np.random.default_rng((seed, len(examples))).random(len(examples)) < PAIR_SHARE
    return [example.context if drawn else "" for example, drawn in zip(examples, has_context, strict=True)]


def tokenized_rows(base: Base, texts: Sequence[str], row_tokens: int, contexts: Sequence[str] = ()) -> Rows:
    """`texts` packed into rows of at most `row_tokens` tokens and no longer than the context of the base.

    The `contexts` stand before them. They are read and not learned.
    """
    length = min(row_tokens, base.context)
    documents = encode_all(base.tokenizer, texts)
    if not any(contexts):
        return pack(documents, length, base.end_of_text)
    return pack_replies(base, documents, contexts, length)


def pack_replies(base: Base, replies: Sequence[Tokens], contexts: Sequence[str], length: int) -> Rows:
    """`replies` after their `contexts`, packed into rows of `length` tokens."""
    documents, unlearned = with_contexts(context_tokens(base.tokenizer, contexts), replies, length)
    return pack(documents, length, base.end_of_text, unlearned)


class _Finetuning:
    def __init__(self, base: Base, rows: Rows, held_out: Rows, settings: TrainingSettings, checkpoint: Path, did: Did):
        self.model, self.rows, self.held_out = base.model, rows, held_out
        self.settings, self.checkpoint, self.did = settings, checkpoint, did
        self.is_lora = settings.method == "lora"
        self.batch_tokens = batch_tokens_for(settings, rows.token_count, base.model.description.parameters)
        learning_rate = settings.lora_learning_rate if self.is_lora else settings.full_learning_rate
        # What was said before takes room in a step and is not learned, so the step is as long as one of fewer tokens.
        learned = rows.token_count / max(1, int(rows.used.sum()))
        self.learning_rate = learning_rate * math.sqrt(learned * self.batch_tokens / BATCH_TOKENS)
        groups = lora.groups(self.model, settings.lora_b_rate) if self.is_lora else _whole(self.model)
        decayed = [group | {"weight_decay": settings.weight_decay * group["decayed"]} for group in groups]
        self.optimiser = adamw(decayed, self.model.device, learning_rate=self.learning_rate, betas=(0.9, 0.99))
        self.batch_rows = max(1, round(self.batch_tokens / rows.length))
        self.steps_per_epoch = math.ceil(len(rows) / self.batch_rows)
        self.total = self.steps_per_epoch * epochs_within(settings, rows.token_count)
        self.schedule = schedule_for(base.model.description.parameters)
        self.place = _Place(rows_at_once=self.batch_rows)
        self.best: lora.State = self.weights()

    def judge_start(self) -> None:
        """Record the weights at the start as the best so far."""
        with fast(self.model.device):
            self.place.best_loss = mean_loss(self.model, self.held_out, did=self.did)

    def learn(self, say: Callable[[Step], None]) -> None:
        """Train until the held-out loss has not fallen for `patience` epochs, or until all steps are done."""
        # There is no dropout: a resumed run would have to repeat its random choices, and learning would be slower.
        self.model.train(False)
        started, saved = time.monotonic() - self.place.seconds, time.monotonic()
        with postponed() as stop:
            while self.place.step < self.total and not self.place.stopped:
                learning_rate = self.learning_rate * self.schedule.rate(self.place.step, self.total)
                loss = self._learn_batch()
                held_out = self._judge(loss) if self.place.step % self.steps_per_epoch == 0 else None
                self.place.seconds = time.monotonic() - started
                if stop.received or time.monotonic() - saved > self.settings.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                stop.obey()
                best = self.place.best_loss
                best_so_far = best if math.isfinite(best) else None
                done, total, tokens = self.place.step, self.total, self.place.tokens
                say(Step(done, total, loss, held_out, best_so_far, learning_rate, tokens))

    def _learn_batch(self) -> float:
        """One step. Returns the nats per token."""
        epoch, batch_of_epoch = divmod(self.place.step, self.steps_per_epoch)
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(len(self.rows))
        row_numbers = order[batch_of_epoch * self.batch_rows : (batch_of_epoch + 1) * self.batch_rows]
        batch = self.rows.take(row_numbers)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * group["rate"] * self.schedule.rate(self.place.step, self.total)
        loss = self._backward(batch)
        if not math.isfinite(loss):
            raise PipelineError(
                f"The training diverged at step {self.place.step}; lower the learning rate.",
                for_people=Phrase(
                    "What I learned got worse instead of better; whoever runs me can let me learn more slowly."
                ),
            )
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.place.step += 1
        self.place.tokens += batch.token_count
        self.did("learned", batch.token_count)
        return loss

    def _backward(self, batch: Rows) -> float:
        """Computes the gradients of the mean loss of `batch`. If memory is short, all later batches are split as well.

        Returns that loss.
        """
        while True:
            try:
                return math.fsum(self._backward_part(part, batch) for part in batch.batches(self.place.rows_at_once))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self.place.rows_at_once == 1:
                    raise PipelineError(
                        f"Memory does not suffice for one row of {batch.length} tokens; lower [training] row_tokens, "
                        "or take a smaller base.",
                        for_people=Phrase(
                            "My memory does not suffice to learn this; whoever runs me finds in the log what helps."
                        ),
                    ) from error
            self.optimiser.zero_grad(set_to_none=True)
            if self.model.device.type == "cuda":
                torch.cuda.empty_cache()
            self.place.rows_at_once = math.ceil(self.place.rows_at_once / 2)
            log.warning("memory is short: from now on %d rows at a time", self.place.rows_at_once)

    def _backward_part(self, part: Rows, batch: Rows) -> float:
        with fast(self.model.device):
            loss = summed_loss(self.model, part) / batch.token_count
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _judge(self, loss: float) -> float:
        """Keep the weights if their held-out loss at the end of an epoch is the lowest so far. Returns that loss."""
        epoch = self.place.step // self.steps_per_epoch
        with fast(self.model.device):
            held_out = mean_loss(self.model, self.held_out, did=self.did)
        self.place.curve.append({"epoch": epoch, "step": self.place.step, "loss": loss, "held_out_loss": held_out})
        if held_out < self.place.best_loss:
            self.place.best_loss, self.place.best_epoch = held_out, epoch
            self.best = self.weights()
        self.place.stopped = epoch - self.place.best_epoch >= self.settings.patience
        return held_out

    def weights(self) -> lora.State:
        """A copy of the trained weights, on the CPU."""
        if self.is_lora:
            return lora.state(self.model)
        return {name: tensor.cpu().clone() for name, tensor in checkpoints.tensors(self.model)}

    def restore_weights(self, weights: lora.State) -> None:
        if self.is_lora:
            lora.restore(self.model, weights)
        else:
            checkpoints.restore(self.model, weights)

    def save(self) -> None:
        """Write the state whole or not at all."""
        state: dict[str, Any] = {
            "weights": self.weights(),
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "place": {name: getattr(self.place, name) for name in _Place.__slots__},
        }
        with atomic.replaced(self.checkpoint) as file:
            torch.save(state, file)

    def resume(self) -> None:
        if not self.checkpoint.exists():
            return
        try:
            state = torch.load(self.checkpoint, weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            log.warning("%s is damaged (%s); the training starts again from the beginning", self.checkpoint, error)
            return
        self.restore_weights(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.place = state["best"], _Place(**state["place"])
        self.did("learned", self.place.tokens)


def _whole(model: CausalLM) -> list[dict[str, Any]]:
    """All parameters in groups for the optimiser. Norms and biases have no weight decay."""
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim == 2], "rate": 1.0, "decayed": True},
        {"params": [p for p in parameters if p.ndim != 2], "rate": 1.0, "decayed": False},
    ]


def out_of_memory(error: Exception) -> bool:
    """Returns True if memory could not be allocated. On the CPU, torch and oneDNN say so only in the message."""
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or any(sign in str(error) for sign in NO_MEMORY)

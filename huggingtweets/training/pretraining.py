"""One training of a base model from nothing: its model, its optimisers, and how far it is.

The state just before the learning rate falls is kept, so a finished run can go on when more tokens are asked for.
Matrices are trained by Muon (Jordan et al. 2024), everything else by AdamW.

Knows torch, one process and rows of tokens. Does not know documents, or what becomes of the model.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from huggingtweets.core import atomic
from huggingtweets.core.errors import BadData
from huggingtweets.core.events import Progress
from huggingtweets.model import checkpoint
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import Description, describe
from huggingtweets.model.loss import bits_per_byte, mean_loss, summed_loss
from huggingtweets.model.packing import Rows, Tokens, pack
from huggingtweets.model.precision import fast
from huggingtweets.model.random_weights import with_random_weights
from huggingtweets.model.tokenizer import byte_count, end_of_text_id
from huggingtweets.training.pretraining_data import STATES, PreparedCorpus, other_training
from huggingtweets.training.pretraining_plan import Plan

HELD_OUT_DURING = 1_000  # held-out documents that are measured for the curve
MUON_SCALED_LIKE_ADAMW = "match_rms_adamw"  # Liu et al. 2025: one learning rate for both optimisers
LATEST, STABLE = STATES

SayPretraining = Callable[["PretrainingProgress"], None]


@dataclass(frozen=True, slots=True)
class PretrainingProgress:
    """Progress of the run. `loss` is of the last batch, in nats per token. Bits per byte are None if not measured."""

    seen: int
    total: int
    tokens_per_second: float
    loss: float
    held_out_bits_per_byte: float | None = None

    def as_progress(self) -> Progress:
        """The same as an event for the display of progress."""
        facts = {"tokens_per_second": round(self.tokens_per_second), "loss": self.loss}
        if self.held_out_bits_per_byte is not None:
            facts["held_out_bits_per_byte"] = self.held_out_bits_per_byte
        return Progress("pretrain", self.seen, self.total, facts)


class Pretraining:
    """The model, optimisers and position of one training. `state` returns all of it, and `restore` loads it again."""

    def __init__(self, plan: Plan, prepared: PreparedCorpus, work: Path):
        torch.manual_seed(plan.seed)
        self.plan, self.work = plan, work
        self.learned = prepared.learned
        self.end_of_text = end_of_text_id(prepared.tokenizer)
        self.measured = prepared.held_out[:HELD_OUT_DURING]
        self.tokenizer = prepared.tokenizer
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = with_random_weights(_description(plan, prepared.tokenizer)).to(self.device)
        if self.device.type == "cuda":
            # One compiled kernel for each length of rows is faster than one for all.
            self.model.body.compile(dynamic=False)
            torch.set_float32_matmul_precision("high")
        matrices, rest = _by_optimiser(self.model)
        self.optimisers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                matrices, lr=plan.learning_rate, weight_decay=plan.weight_decay, adjust_lr_fn=MUON_SCALED_LIKE_ADAMW
            ),
            torch.optim.AdamW(rest, lr=plan.learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self.seen = self.step = 0
        self.curve: list[dict[str, float]] = []

    def resume(self) -> None:
        """Go on from the latest state of this plan, or of a shorter or longer plan before its learning rate fell."""
        for name in STATES:
            path = self.work / name
            if not path.exists():
                continue
            state = torch.load(path, map_location=self.device, weights_only=True)
            if state["identity"] != self.plan.identity():
                raise other_training(self.work)
            fall = min(self.plan.tokens, state["tokens"]) * (1 - self.plan.decay)
            if state["tokens"] == self.plan.tokens or state["seen"] <= fall:
                self.restore(state)
                return

    def train(self, say: SayPretraining, checkpoint_every_seconds: float, measure_every_tokens: int) -> None:
        """Learn until the number of tokens in the plan is reached."""
        self.model.train()
        started, first = time.monotonic(), self.seen
        saved, measured = started, self.seen
        batches = self._batches()
        while self.seen < self.plan.tokens:
            rate = self.plan.rate(self.seen)
            # Batches vary a little in size, so it is not known exactly which one is the last before the fall.
            if rate == 1.0 and self.plan.rate(self.seen + 2 * self.plan.batch_tokens) < 1.0:
                self.save(STABLE)
            loss = self._learn(next(batches), rate)
            now = time.monotonic()
            bits = None
            if self.seen - measured >= measure_every_tokens or self.seen >= self.plan.tokens:
                measured, bits = self.seen, self.held_out_bits_per_byte(self.measured)
                self.curve.append({"tokens": self.seen, "loss": loss, "held_out_bits_per_byte": bits})
            if now - saved >= checkpoint_every_seconds:
                saved = now
                self.save(LATEST)
            say(
                PretrainingProgress(
                    self.seen, self.plan.tokens, (self.seen - first) / (now - started + 1e-9), loss, bits
                )
            )
        self.save(LATEST)

    def held_out_bits_per_byte(self, texts: Sequence[Tokens]) -> float:
        """The loss on `texts`. Of each text, only as much is measured as the context holds."""
        rows = pack(texts, self.plan.context, self.end_of_text)
        with fast(self.device):
            nats = mean_loss(self.model, rows, self._micro_rows(rows))
        return bits_per_byte(nats * rows.token_count, byte_count(self.tokenizer, rows))

    def save(self, name: str) -> None:
        """Write the state whole or not at all."""
        with atomic.replaced(self.work / name) as file:
            torch.save(self.state(), file)

    def state(self) -> dict[str, Any]:
        return {
            "identity": self.plan.identity(),
            "tokens": self.plan.tokens,
            "model": dict(checkpoint.tensors(self.model)),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "seen": self.seen,
            "step": self.step,
            "curve": self.curve,
        }

    def restore(self, state: dict[str, Any]) -> None:
        checkpoint.restore(self.model, state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.seen, self.step, self.curve = state["seen"], state["step"], state["curve"]

    def _batches(self) -> Iterator[list[Rows]]:
        """Batches without end, from batch number `self.step` on. The order depends on the seed alone.

        Every batch has the same numbers of rows of each length, in the proportion of the corpus. The few rows that are
        left over at the end of an epoch wait for the next one. Rows are packed once. It does not matter which documents
        share a row, because they do not see each other.
        """
        batches = sum(rows.token_count for rows in self.learned) / self.plan.batch_tokens
        sizes = [max(1, round(len(rows) / batches)) for rows in self.learned]
        steps_per_epoch = max(1, min(len(rows) // size for rows, size in zip(self.learned, sizes, strict=True)))
        for epoch in itertools.count(self.step // steps_per_epoch):
            random = np.random.default_rng((self.plan.seed, epoch))
            orders = [random.permutation(len(rows)) for rows in self.learned]
            for step in range(self.step - epoch * steps_per_epoch, steps_per_epoch):
                yield [
                    rows.take(order[step * size : (step + 1) * size])
                    for rows, order, size in zip(self.learned, orders, sizes, strict=True)
                ]

    def _learn(self, batch: list[Rows], rate: float) -> float:
        """One step on `batch`. Returns the nats per token."""
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * self.plan.learning_rate
        total = torch.zeros((), device=self.device)
        tokens = sum(rows.token_count for rows in batch)
        for rows in batch:
            for part in rows.batches(self._micro_rows(rows)):
                with fast(self.device):
                    loss = summed_loss(self.model, part) / tokens
                loss.backward()  # type: ignore[no-untyped-call]
                total += loss.detach()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.seen += tokens
        self.step += 1
        mean = total.item()
        if not math.isfinite(mean):
            raise BadData(f"The training diverged after {self.seen:,} tokens; lower the learning rate.")
        return mean

    def _micro_rows(self, rows: Rows) -> int:
        return max(1, self.plan.micro_batch_tokens // rows.length)


def _description(plan: Plan, tokenizer: Tokenizer) -> Description:
    end_of_text = end_of_text_id(tokenizer)
    return describe(
        {
            "model_type": "gpt2",
            "vocab_size": tokenizer.get_vocab_size(),
            "n_positions": plan.context,
            "n_embd": plan.width,
            "n_layer": plan.layers,
            "n_head": plan.heads,
            "bos_token_id": end_of_text,
            "eos_token_id": end_of_text,
            "pad_token_id": end_of_text,
            "resid_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
            # The same function as gelu_new, by the name that means the fused kernel in other libraries, too.
            "activation_function": "gelu_pytorch_tanh",
        }
    )


def _by_optimiser(model: CausalLM) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """Returns the matrices inside the blocks, for Muon, and the embeddings, norms and biases, for AdamW."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and ".blocks." in name else rest).append(parameter)
    return matrices, rest

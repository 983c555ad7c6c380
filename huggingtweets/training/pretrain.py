"""A small GPT-2 from scratch: corpus -> tokenizer -> packed rows -> weights that plain transformers loads.

The learning rate rises, stays, and falls in a straight line over the last fifth. The state just before the fall is
kept, so a finished run goes on when it is asked for more tokens (warm-up-stable-decay, after Hu et al. 2024,
"MiniCPM"). Matrices are trained by Muon (Jordan et al. 2024), everything else by AdamW.

Knows torch and one process. Does not know tweets, people or the bot.
"""

import itertools
import json
import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

from huggingtweets.core import atomic, events
from huggingtweets.core.cpu import keep_freed_memory
from huggingtweets.core.errors import BadData, Misconfigured, Usage
from huggingtweets.model.attention import packed
from huggingtweets.model.base import hide_progress_bars
from huggingtweets.model.loss import bits_per_byte, mean_loss, summed_loss
from huggingtweets.model.packing import Rows, Tokens, pack, pack_by_length, spans
from huggingtweets.model.precision import fast
from huggingtweets.model.tokenizer import byte_count, encode_all, end_of_text_id, save_tokenizer, train_tokenizer
from huggingtweets.pictures.render import pretraining_curve
from huggingtweets.training import corpus

TOKENIZER_DOCUMENTS = 200_000  # enough for stable merges; 100,000 give the same bytes a token to three digits
HELD_OUT_DURING = 1_000  # documents of the held-out part that the curve is measured on
MIN_DOCUMENTS = 100
MUON_SCALED_LIKE_ADAMW = "match_rms_adamw"  # Liu et al. 2025: one learning rate for both optimisers

STATES = ("latest.pt", "stable.pt")

Say = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train. Saved beside the weights; a checkpoint is only taken up again under the same plan."""

    tokens: int = 20_000_000
    vocabulary: int = 8192
    width: int = 256
    layers: int = 4
    heads: int = 4
    context: int = 512
    row_tokens: int = 128
    batch_tokens: int = 16_384
    micro_batch_tokens: int = 4_096
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    warm_up: float = 0.02
    decay: float = 0.2
    seed: int = 1

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise Usage(f"A width of {self.width} cannot be split into {self.heads} heads; choose a multiple of them.")

    @property
    def row_lengths(self) -> tuple[int, ...]:
        """`row_tokens` and its doubles, up to the context: a document lies in rows of the shortest that hold it.

        Attention costs the square of a row's length, and half of all tokens stand in documents of at most 128.
        """
        lengths = [min(self.row_tokens, self.context)]
        while lengths[-1] < self.context:
            lengths.append(min(2 * lengths[-1], self.context))
        return tuple(lengths)

    def rate(self, seen: int) -> float:
        """Share of the full learning rate once `seen` tokens are learned."""
        done = seen / self.tokens
        return min(1.0, (done + 1e-4) / self.warm_up, max(0.0, 1 - done) / self.decay)

    def identity(self) -> dict[str, Any]:
        """Everything but how long: two plans of one identity share their state before the fall."""
        return {key: value for key, value in asdict(self).items() if key != "tokens"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run stands; `loss` is of the last batch, in nats per token, bits per byte are there when measured."""

    seen: int
    total: int
    tokens_per_second: float
    loss: float
    held_out_bits_per_byte: float | None = None

    def as_progress(self) -> events.Progress:
        """For what shows the pipeline's progress."""
        facts = {"tokens_per_second": round(self.tokens_per_second), "loss": self.loss}
        if self.held_out_bits_per_byte is not None:
            facts["held_out_bits_per_byte"] = self.held_out_bits_per_byte
        return events.Progress("pretrain", self.seen, self.total, facts)


def pretrain(
    corpora: Sequence[Path],
    out: Path,
    plan: Plan,
    *,
    say: Say = lambda _: None,
    tokenizer: Path | None = None,
    checkpoint_every_seconds: float = 120,
    measure_every_tokens: int = 1_000_000,
) -> float:
    """Train by `plan` and write the model into `out`; the held-out bits per byte of the result.

    State lives in `out/.work`, and a run that was killed goes on from there. `tokenizer` is a tokenizer.json to use
    instead of training one.
    """
    work = out / ".work"
    work.mkdir(parents=True, exist_ok=True)
    prepared = _prepare(corpora, work, plan, tokenizer)
    keep_freed_memory()
    run = _Run(plan, prepared, work)
    run.resume()
    run.train(say, checkpoint_every_seconds, measure_every_tokens)
    bits = run.held_out_bits_per_byte(prepared.held_out)
    _write_model(run.model, prepared.tokenizer, out, plan)
    record = {
        "plan": asdict(plan),
        "corpora": prepared.hashes,
        "parameters": run.model.num_parameters(),
        "held_out_bits_per_byte": bits,
        "held_out_documents": len(prepared.held_out),
        "curve": run.curve,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
    }
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "curve.png").write_bytes(pretraining_curve(run.curve))
    return bits


@dataclass(frozen=True, slots=True)
class _Prepared:
    tokenizer: Tokenizer
    learned: tuple[Rows, ...]
    held_out: list[Tokens]
    hashes: dict[str, str]


def _prepare(corpora: Sequence[Path], work: Path, plan: Plan, tokenizer_file: Path | None) -> _Prepared:
    """The corpus as tokens, from `work` when it was already made of the same files with the same vocabulary."""
    hashes = {path.name: corpus.sha256(path) for path in corpora}
    fitting = {
        "corpora": hashes,
        "vocabulary": plan.vocabulary,
        "row_lengths": list(plan.row_lengths),
        "tokenizer": corpus.sha256(tokenizer_file) if tokenizer_file else "",
    }
    made, store = work / "prepared.json", work / "tokens.npz"
    if not (made.exists() and json.loads(made.read_text()) == fitting):
        if any((work / name).exists() for name in STATES):
            raise _other_training(work)
        made.unlink(missing_ok=True)
        learned, held_out = corpus.split(corpora)
        if len(learned) < MIN_DOCUMENTS or not held_out:
            raise BadData(
                f"The corpus has {len(learned)} documents to learn and {len(held_out)} held out; "
                f"give at least {corpus.HELD_OUT_ONE_IN * 5} documents."
            )
        if tokenizer_file:
            tokenizer = Tokenizer.from_file(str(tokenizer_file))
        else:
            tokenizer = train_tokenizer(learned[:TOKENIZER_DOCUMENTS], plan.vocabulary)
        tokenizer.save(str(work / "tokenizer.json"))
        end_of_text = end_of_text_id(tokenizer)
        unseen = encode_all(tokenizer, held_out)
        arrays: dict[str, NDArray[Any]] = {
            "held_out": np.concatenate(unseen),
            "held_out_offsets": np.cumsum([0, *map(len, unseen)]),
        }
        for rows in pack_by_length(
            [ids.astype(np.uint16) for ids in encode_all(tokenizer, learned)], plan.row_lengths, end_of_text
        ):
            length = rows.length
            arrays |= {f"inputs_{length}": rows.inputs, f"used_{length}": rows.used, f"closing_{length}": rows.closing}
        np.savez(store, **arrays)  # type: ignore[arg-type]  # numpy's own keyword is typed before ours
        atomic.write_json(made, fitting)
    loaded = np.load(store)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    return _Prepared(
        tokenizer=tokenizer,
        learned=tuple(
            Rows(loaded[f"inputs_{n}"], loaded[f"used_{n}"], loaded[f"closing_{n}"], end_of_text_id(tokenizer))
            for n in plan.row_lengths
        ),
        held_out=spans(loaded["held_out_offsets"], loaded["held_out"]),
        hashes=hashes,
    )


class _Run:
    """Model, optimisers and position of one training; all of it goes through `state` and `restore`."""

    def __init__(self, plan: Plan, prepared: _Prepared, work: Path):
        torch.manual_seed(plan.seed)
        self.plan, self.work = plan, work
        self.learned = prepared.learned
        self.end_of_text = end_of_text_id(prepared.tokenizer)
        self.measured = prepared.held_out[:HELD_OUT_DURING]
        self.tokenizer = prepared.tokenizer
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = GPT2LMHeadModel(_config(plan, prepared.tokenizer)).to(self.device)  # type: ignore[arg-type]
        if self.device.type == "cuda":
            # One kernel a length of rows is faster than one for all.
            self.model.transformer.compile(dynamic=False)
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
        """Go on from the latest state of this plan, or from before the fall of a shorter or longer one."""
        for name in STATES:
            path = self.work / name
            if not path.exists():
                continue
            state = torch.load(path, map_location=self.device, weights_only=True)
            if state["identity"] != self.plan.identity():
                raise _other_training(self.work)
            fall = min(self.plan.tokens, state["tokens"]) * (1 - self.plan.decay)
            if state["tokens"] == self.plan.tokens or state["seen"] <= fall:
                self.restore(state)
                return

    def train(self, say: Say, checkpoint_every_seconds: float, measure_every_tokens: int) -> None:
        """Learn until the plan's tokens are seen."""
        self.model.train()
        started, first = time.monotonic(), self.seen
        saved, measured = started, self.seen
        batches = self._batches()
        while self.seen < self.plan.tokens:
            rate = self.plan.rate(self.seen)
            # Batches vary a little in size, so the last one before the fall is not known exactly.
            if rate == 1.0 and self.plan.rate(self.seen + 2 * self.plan.batch_tokens) < 1.0:
                self.save("stable.pt")
            loss = self._learn(next(batches), rate)
            now = time.monotonic()
            bits = None
            if self.seen - measured >= measure_every_tokens or self.seen >= self.plan.tokens:
                measured, bits = self.seen, self.held_out_bits_per_byte(self.measured)
                self.curve.append({"tokens": self.seen, "loss": loss, "held_out_bits_per_byte": bits})
            if now - saved >= checkpoint_every_seconds:
                saved = now
                self.save("latest.pt")
            say(Progress(self.seen, self.plan.tokens, (self.seen - first) / (now - started + 1e-9), loss, bits))
        self.save("latest.pt")

    def held_out_bits_per_byte(self, texts: Sequence[Tokens]) -> float:
        """On as much of `texts` as the context holds."""
        rows = pack(texts, self.plan.context, self.end_of_text)
        with fast(self.device), packed(self.model):
            nats = mean_loss(self.model, rows, self._micro_rows(rows))
        return bits_per_byte(nats, rows.token_count, byte_count(self.tokenizer, rows))

    def save(self, name: str) -> None:
        """Write the state whole or not at all."""
        with atomic.replaced(self.work / name) as file:
            torch.save(self.state(), file)

    def state(self) -> dict[str, Any]:
        return {
            "identity": self.plan.identity(),
            "tokens": self.plan.tokens,
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "seen": self.seen,
            "step": self.step,
            "curve": self.curve,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.seen, self.step, self.curve = state["seen"], state["step"], state["curve"]

    def _batches(self) -> Iterator[list[Rows]]:
        """Batches without end, from batch number `self.step` on; the order depends on the seed alone.

        A batch has rows of each length in the proportion of the corpus, always the same numbers of them; the few that
        are left over at the end of an epoch wait for the next. Rows are packed once: which documents share a row does
        not matter, because they do not see each other.
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
        """One step on `batch`; nats per token."""
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * self.plan.learning_rate
        total = torch.zeros((), device=self.device)
        tokens = sum(rows.token_count for rows in batch)
        for rows in batch:
            for part in rows.batches(self._micro_rows(rows)):
                with fast(self.device), packed(self.model):
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


def _other_training(work: Path) -> Misconfigured:
    return Misconfigured(f"{work} holds the state of another training; give another --out, or remove that folder.")


def _config(plan: Plan, tokenizer: Tokenizer) -> GPT2Config:
    end_of_text = end_of_text_id(tokenizer)
    return GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_positions=plan.context,
        n_embd=plan.width,
        n_layer=plan.layers,
        n_head=plan.heads,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        # gelu_new's function, in one fused kernel: 4 times faster on a CPU.
        activation_function="gelu_pytorch_tanh",
    )


def _by_optimiser(model: GPT2LMHeadModel) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """(the matrices inside the blocks, for Muon; embeddings, norms and biases, for AdamW)."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and ".h." in name else rest).append(parameter)
    return matrices, rest


def _write_model(model: GPT2LMHeadModel, tokenizer: Tokenizer, out: Path, plan: Plan) -> None:
    """Weights in half precision (bfloat16's range is not needed: no weight is near 65,504), config and tokenizer."""
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True,
        temperature=1.0,
        top_p=0.95,
        top_k=50,
        max_new_tokens=80,
        bos_token_id=model.config.bos_token_id,
        eos_token_id=model.config.eos_token_id,
        pad_token_id=model.config.eos_token_id,
    )
    hide_progress_bars()
    model.half().save_pretrained(out, max_shard_size="16MB")  # type: ignore[no-untyped-call]
    model.float()  # type: ignore[no-untyped-call]
    save_tokenizer(tokenizer, out, plan.context)
    atomic.readable_as_usual(out)

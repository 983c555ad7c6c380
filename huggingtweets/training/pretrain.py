"""A small GPT-2 from nothing: corpus -> tokenizer -> packed rows -> weights that plain transformers loads.

Knows the order, and the files of the result. Does not know tweets, people or the bot.
"""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import tokenizers
import torch
from tokenizers import Tokenizer

from huggingtweets.core import atomic
from huggingtweets.core.process.cpu import keep_freed_memory
from huggingtweets.model import checkpoint
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.tokenizer import end_of_text_id, save_tokenizer
from huggingtweets.pictures.render import pretraining_curve
from huggingtweets.training.pretraining import Pretraining, SayPretraining
from huggingtweets.training.pretraining_data import PreparedCorpus, prepare
from huggingtweets.training.pretraining_plan import Plan


def pretrain(
    corpora: Sequence[Path],
    out: Path,
    plan: Plan,
    *,
    say: SayPretraining = lambda _: None,
    tokenizer: Path | None = None,
    checkpoint_every_seconds: float = 120,
    measure_every_tokens: int = 1_000_000,
) -> float:
    """Train by `plan` and write the model into `out`. Returns the held-out bits per byte of the result.

    The state is in `out/.work`. A run that was killed goes on from there. `tokenizer` is a tokenizer.json that is used
    instead of training one.
    """
    work = out / ".work"
    work.mkdir(parents=True, exist_ok=True)
    prepared = prepare(corpora, work, plan, tokenizer)
    keep_freed_memory()
    run = Pretraining(plan, prepared, work)
    run.resume()
    run.train(say, checkpoint_every_seconds, measure_every_tokens)
    bits = run.held_out_bits_per_byte(prepared.held_out)
    _write_model(run.model, prepared.tokenizer, out, plan)
    _write_record(run, prepared, bits, out)
    return bits


def _write_record(run: Pretraining, prepared: PreparedCorpus, bits: float, out: Path) -> None:
    """Write the sources and the quality of the model, as data and as a curve."""
    record = {
        "plan": asdict(run.plan),
        "corpora": prepared.hashes,
        "parameters": run.model.description.parameters,
        "held_out_bits_per_byte": bits,
        "held_out_documents": len(prepared.held_out),
        "curve": run.curve,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tokenizers": tokenizers.__version__,
        },
    }
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "curve.png").write_bytes(pretraining_curve(run.curve))


def _write_model(model: CausalLM, tokenizer: Tokenizer, out: Path, plan: Plan) -> None:
    """Weights in half precision (bfloat16's range is not needed: no weight is near 65,504), config and tokenizer."""
    checkpoint.write(model, out, torch.float16, largest_file="16MB")
    end_of_text = end_of_text_id(tokenizer)
    checkpoint.write_sampling(out, end_of_text, temperature=1.0, top_p=0.95, top_k=50, max_new_tokens=80)
    save_tokenizer(tokenizer, out, plan.context)
    atomic.readable_as_usual(out)

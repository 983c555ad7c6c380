"""How fast is a voice learned? The original's recipe and ours on the same tweets, each run in a process of its own.

    python -m benchmarks.training [--quick] [--json] [--from FILE] [--rounds N]

The original's recipe: transformers' Trainer, all weights, fp32, one block in each step (1,024 tokens, or as many as the
model holds), 4 passes, learning rate 1.372e-4 falling as a cosine. Ours: the default settings. Both learn on the
embedded base from the same tweets and are judged on the same held-out tweets. Ours runs until its loss is as low as the
original's last one. Then each makes 20 steps on a GPT-2 of 124M parameters with random weights, to measure speed alone.

The bound is the speed of the processor's matrix products (measured here) divided by the floating-point operations for
one token: 6 for each parameter, or 4 if the weights themselves do not learn (Kaplan et al. 2020, appendix B).
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingtweets.sources.sample import FOLDER as SAMPLE

SPEED_STEPS = 20


class ReachedError(Exception):
    """The loss has reached the aim."""


def start_model(size: str) -> Any:
    """The embedded base, or a GPT-2 of 124M parameters with random weights and the embedded tokenizer."""
    from huggingtweets.model import base as bases

    base = bases.load("models/base")
    if size == "124M":
        import dataclasses

        from huggingtweets.model.families import describe
        from huggingtweets.model.random_weights import with_random_weights

        end = base.end_of_text
        description = describe({"model_type": "gpt2", "bos_token_id": end, "eos_token_id": end})
        base = dataclasses.replace(base, model=with_random_weights(description))
    return base


def original(size: str, source: Path, tweets: int, threads: int) -> dict[str, Any]:
    """The original's recipe."""
    import torch

    from benchmarks.accounts import data_set
    from benchmarks.original import learn
    from huggingtweets.model.loss import mean_loss
    from huggingtweets.training.finetune import tokenized_rows

    torch.set_num_threads(threads)
    base, data = start_model(size), data_set(source, tweets)
    seconds, tokens = learn(base, data.learned, SPEED_STEPS if size == "124M" else -1)
    loss = mean_loss(base.model, tokenized_rows(base, data.held_out, 128)) if size != "124M" else None
    return {"seconds": seconds, "tokens": tokens, "held_out_loss": loss}


def ours(size: str, source: Path, tweets: int, threads: int, aim: float | None, method: str) -> dict[str, Any]:
    """Our training with its defaults, until the held-out loss is at most `aim`."""
    from benchmarks.accounts import data_set
    from huggingtweets.core.config.settings import TrainingSettings
    from huggingtweets.core.process.cpu import keep_freed_memory, use_threads
    from huggingtweets.training.finetune import Step, train

    use_threads(threads)
    keep_freed_memory()
    base, data = start_model(size), data_set(source, tweets)
    seen = {"tokens": 0, "held_out_loss": None}

    def watch(step: Step) -> None:
        seen.update(tokens=step.tokens, held_out_loss=step.best_held_out_loss)
        if size == "124M" and step.done == SPEED_STEPS:
            raise ReachedError
        best = step.best_held_out_loss
        if aim is not None and best is not None and best <= aim:
            raise ReachedError

    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(method=method, checkpoint_seconds=1e6)
        began = time.perf_counter()
        with contextlib.suppress(ReachedError):
            train(base, data, settings, Path(folder) / "checkpoint.pt", watch)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "tokens": seen["tokens"], "held_out_loss": seen["held_out_loss"]}


def product_rate(dtype_name: str, threads: int) -> float:
    """Floating-point operations per second of products of a training's size, [1024, 768] @ [768, 3072]."""
    import torch

    torch.set_num_threads(threads)
    dtype = getattr(torch, dtype_name)
    left, right = torch.randn(1024, 768).to(dtype), torch.randn(768, 3072).to(dtype)
    best, until = 0.0, time.perf_counter() + 2
    while time.perf_counter() < until:
        began = time.perf_counter()
        left @ right
        best = max(best, 2 * 1024 * 768 * 3072 / (time.perf_counter() - began))
    return best


def alone(what: str, **options: Any) -> dict[str, Any]:
    """The result of `what` in a process of its own, with its peak memory."""
    call = [sys.executable, "-m", "benchmarks.training", "--alone", json.dumps({"what": what, **options})]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_alone(options: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Callable[..., dict[str, Any]]] = {"original": original, "ours": ours}
    what, source = options.pop("what"), Path(options.pop("source"))
    result = parts[what](source=source, **options)
    return result | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(source: Path, tweets: int, rounds: int, threads: int, *, with_124m: bool) -> dict[str, Any]:
    """Medians and ratios of all runs. The contenders take turns."""
    kinds = {"original": [], "adapter": [], "full": []}
    shared = {"source": str(source), "tweets": tweets, "threads": threads}
    for number in range(rounds):
        first = alone("original", size="base", **shared)
        kinds["original"].append(first)
        for name, method in (("adapter", "lora"), ("full", "full")):
            kinds[name].append(alone("ours", size="base", aim=first["held_out_loss"], method=method, **shared))
        print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    result: dict[str, Any] = {"base": {name: medians(runs) for name, runs in kinds.items()}}
    slow = result["base"]["original"]
    ours_by_name = {name: result["base"][name] for name in ("adapter", "full")}
    result["ratios"] = {f"{name}_sooner": slow["seconds"] / run["seconds"] for name, run in ours_by_name.items()}
    result["ratios"] |= {f"{name}_memory": run["peak_mb"] / slow["peak_mb"] for name, run in ours_by_name.items()}
    if with_124m:
        result["124M"] = {
            "original": alone("original", size="124M", **shared),
            "adapter": alone("ours", size="124M", aim=None, method="lora", **shared),
            "full": alone("ours", size="124M", aim=None, method="full", **shared),
        }
        for run in result["124M"].values():
            run["tokens_per_second"] = run["tokens"] / run["seconds"]
    result["products"] = {name: product_rate(name, threads) for name in ("float32", "bfloat16")}
    return result


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return middle | {"tokens_per_second": middle["tokens"] / middle["seconds"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--from", dest="source", type=Path, help="tweets to learn; the sample account by default")
    parser.add_argument("--tweets", type=int, default=0, help="only so many of the latest; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="one round, without the large model")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(run_alone(json.loads(options.alone))))
        return
    rounds = 1 if options.quick else options.rounds
    source = options.source or SAMPLE / "tweets.jsonl"
    result = measure(source, options.tweets, rounds, options.threads, with_124m=not options.quick)
    result |= {"source": source.stem, "rounds": rounds, "threads": options.threads, "processor": platform.processor()}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

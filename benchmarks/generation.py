"""How fast are tweets drawn? The engine and other libraries take turns on the same requests, in one run.

    python -m benchmarks.generation [--quick] [--json] [--models embedded,124M] [--rounds N] [--write]

Workloads: (a) one person, 5 drafts; (b) 32 requests for 8 people; (c) 64 requests for 64 people, where full copies may
take 2 GiB; (d) the first answer from a voice on disk, compared with a voice in memory. A draft has 48 tokens. Figures
are medians of the rounds, in tokens per second. A contender that takes longer than 8 s for a workload has only one
round.

Models: the embedded base with adapters of the default ranks, and a GPT-2 of 124M parameters with random weights and
adapters of rank 8. The bound is the speed of memory: the bytes that a step must read (weights in int8, and adapters as
they are held) divided by the rate at which two threads read memory (measured here). It limits only steps of few rows.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import (
    TOKENS,
    ByPerson,
    CTranslate2,
    OneAfterTheOther,
    OpenVinoGenAI,
    OpenVinoGenAIHalf,
    Ours,
    PeftMixed,
    Pipeline,
    Request,
    Voices,
    has,
)

HERE = Path(__file__).parent
SLOW_SECONDS = 8.0
WARM_UP_TOKENS = 4
ONE = [Request(0, 5)]
EIGHT = [Request(number % 8, 1) for number in range(32)]
MANY = [Request(number, 1) for number in range(64)]
FEW = EIGHT[:8]  # enough to measure a library that serves one request after the other


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def make_base(size: str, folder: Path) -> Path:
    """The folder of the base model `size`."""
    if size == "embedded":
        return Path("models/base").resolve()
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    embedded = Path("models/base")
    torch.manual_seed(1)
    GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
    tokenizer = json.loads((embedded / "tokenizer.json").read_text())
    # Some libraries ask for a name for every entry of the model.
    known = tokenizer["model"]["vocab"]
    known |= {f"<{number}>": number for number in range(len(known), GPT2Config().vocab_size)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_bytes((embedded / "tokenizer_config.json").read_bytes())
    return folder


def contenders(quick: bool) -> dict[str, list[tuple[Any, Sequence[Request]]]]:
    """The contenders of each workload, ours first."""
    peers: dict[str, list[tuple[Any, Sequence[Request]]]] = {
        "a": [(Ours, ONE), (Pipeline, ONE)],
        "b": [(Ours, EIGHT), (OneAfterTheOther, FEW)],
        "c": [(Ours, MANY)],
    }
    if not quick:
        peers["b"] += [(ByPerson, EIGHT), (PeftMixed, EIGHT)]
        if has("ctranslate2"):
            peers["a"].append((CTranslate2, ONE))
            peers["b"].append((CTranslate2, EIGHT))
            peers["c"].append((CTranslate2, MANY))
        if has("openvino_genai"):
            peers["a"] += [(OpenVinoGenAI, ONE), (OpenVinoGenAIHalf, ONE)]
            peers["b"] += [(OpenVinoGenAI, EIGHT), (OpenVinoGenAIHalf, EIGHT)]
            peers["c"].append((OpenVinoGenAI, MANY))
    return peers


def measure(size: str, rounds: int, *, quick: bool) -> dict[str, Any]:
    """The figures of one model."""
    from huggingtweets.core.config import TrainingSettings

    with tempfile.TemporaryDirectory(prefix="generation-") as name:
        folder = Path(name)
        training = TrainingSettings()
        ranks = (training.lora_rank, training.lora_embedding_rank) if size == "embedded" else (8, 0)
        voices = Voices(make_base(size, folder / "base"), folder, *ranks)
        made: dict[Any, Any] = {}
        seconds: dict[str, dict[str, list[float]]] = {}
        drawn: dict[tuple[str, str], int] = {}
        plan = contenders(quick)
        for kind in dict.fromkeys(kind for members in plan.values() for kind, _ in members):
            try:
                made[kind] = kind(voices)
            except (ImportError, RuntimeError, ValueError) as error:
                if kind in (Ours, Pipeline, OneAfterTheOther):
                    raise
                say(f"{kind.name} cannot take part: {error}")
        for number in range(rounds + 1):  # the first round warms up
            for workload, members in plan.items():
                for kind, requests in members:
                    past = seconds.setdefault(workload, {}).setdefault(kind.name, [])
                    if kind not in made or (past and past[0] > SLOW_SECONDS):
                        continue
                    started = time.perf_counter()
                    drawn[workload, kind.name] = made[kind].draw(requests, TOKENS if number else WARM_UP_TOKENS)
                    took = time.perf_counter() - started
                    if number:
                        past.append(took)
                        speed = drawn[workload, kind.name] / took
                        say(f"{size} {number} ({workload}) {kind.name}: {speed:.0f} tokens/s")
        ours: Ours = made[Ours]
        speeds = {
            workload: {
                name: round(drawn[workload, name] / statistics.median(times), 1) for name, times in of.items() if times
            }
            for workload, of in seconds.items()
        }
        return {**facts(ours, speeds["a"][Ours.name]), "tokens_per_second": speeds}


def facts(ours: Ours, speed: float) -> dict[str, Any]:
    """Our other figures. `speed` is that of (a)."""
    first, warm = first_answer(ours)
    each, rate = ours.adapter(0).bytes, read_rate()
    bound = 5 * rate / (ours.weights.count + each)
    return {
        "parameters": ours.weights.count,
        "decoder": type(ours.decoder).__name__,
        "ranks": {"linear": ours.voices.rank, "embedding": ours.voices.embedding_rank},
        "first_answer_from_disk_s": round(first, 4),
        "warm_answer_s": round(warm, 4),
        "voices_per_gib": (1 << 30) // each,
        "memory_read_bytes_per_second": round(rate),
        "bound_a_tokens_per_second": round(bound, 1),
        "share_of_bound_a": round(speed / bound, 3),
    }


def first_answer(ours: Ours) -> tuple[float, float]:
    """Seconds of (d): 5 drafts in a voice that is only on disk, then 5 more. Medians of 5 tries."""
    first, warm = [], []
    for person in range(100, 105):
        ours.voices.adapter(person)
        for times in (first, warm):
            started = time.perf_counter()
            ours.draw([Request(person, 5)], TOKENS)
            times.append(time.perf_counter() - started)
    return statistics.median(first), statistics.median(warm)


def read_rate() -> float:
    """Bytes per second that torch's threads read from memory."""
    import torch

    block = torch.ones(64 << 20)  # 256 MiB, more than any cache
    times = []
    for _ in range(5):
        started = time.perf_counter()
        block.sum()
        times.append(time.perf_counter() - started)
    return block.numel() * 4 / min(times)


def ratios(model: dict[str, Any]) -> dict[str, float]:
    """Ours over theirs, in tokens per second."""
    speeds = model["tokens_per_second"]
    ours = {workload: of[Ours.name] for workload, of in speeds.items()}
    found = {
        "a_vs_pipeline": ours["a"] / speeds["a"][Pipeline.name],
        "b_vs_sequential": ours["b"] / speeds["b"][OneAfterTheOther.name],
        "c_vs_b": ours["c"] / ours["b"],
    }
    others = [speed for name, speed in speeds["a"].items() if name != Ours.name]
    if len(others) > 1:
        found["a_vs_best_peer"] = ours["a"] / max(others)
    copies = [speed for name, speed in speeds["b"].items() if name not in (Ours.name, PeftMixed.name)]
    if len(copies) > 1:
        found["b_vs_best_full_copy"] = ours["b"] / max(copies)
    return {name: round(value, 2) for name, value in found.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the embedded base and two peers alone, under 50 s")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--models", default=None, help="embedded, 124M, or both with a comma between")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="keep the figures and the picture beside this file")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from huggingtweets.core.cpu import usable_cores, use_threads

    use_threads(0)
    sizes = (chosen.models or ("embedded" if chosen.quick else "embedded,124M")).split(",")
    models = {size: measure(size, chosen.rounds, quick=chosen.quick) for size in sizes}
    for model in models.values():
        model["ratios"] = ratios(model)
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "threads": usable_cores()},
        "tokens_a_draft": TOKENS,
        "rounds": chosen.rounds,
        "models": models,
        "ratios": models[sizes[0]]["ratios"],
    }
    if chosen.write:
        kept = HERE / "generation.json"
        before = json.loads(kept.read_text())["models"] if kept.exists() else {}
        # Models that were not measured this time keep their figures.
        result["models"] = {**before, **models}
        (HERE / "generation.json").write_text(json.dumps(result, indent=1) + "\n")
        draw(result, HERE / "generation.png")
    print(json.dumps(result, indent=1) if chosen.json else as_text(result))


def as_text(result: dict[str, Any]) -> str:
    lines = []
    for size, model in result["models"].items():
        lines.append(f"{size}, {model['parameters']:,} parameters, {model['decoder']}")
        for workload, of in model["tokens_per_second"].items():
            lines += [f"  ({workload}) {speed:10,.0f} tokens/s  {name}" for name, speed in of.items()]
        extra = model["first_answer_from_disk_s"] - model["warm_answer_s"]
        lines.append(f"  (d) {1000 * extra:10,.0f} ms more for a voice from disk than for a warm one")
        lines.append(
            f"  {model['voices_per_gib']:,} voices a GiB; (a) is {model['share_of_bound_a']:.0%} of what memory gives"
        )
        lines.append("  ratios: " + ", ".join(f"{name} {value}" for name, value in model["ratios"].items()))
    return "\n".join(lines)


def draw(result: dict[str, Any], picture: Path) -> None:
    """The figures as bars."""
    import typst

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "data.json").write_text(json.dumps({"ours": Ours.name, "models": result["models"]}))
        (root / "bars.typ").write_bytes((HERE / "generation.typ").read_bytes())
        drawn = typst.compile(str(root / "bars.typ"), root=str(root), format="png", ppi=144)
    assert isinstance(drawn, bytes)
    picture.write_bytes(drawn)


if __name__ == "__main__":
    main()

"""How fast are tweets drawn? The engine and other libraries take turns on the same requests, in one run.

    python -m benchmarks.generation [--quick] [--models embedded,124M,smollm2] [--rounds N] [--resume FILE] [--write]

Workloads: (a) one person, 5 drafts; (b) 32 requests for 8 people; (c) 64 requests for 64 people, where full copies may
take 2 GiB; (d) the first answer from a voice on disk, compared with a voice in memory. A draft has 48 tokens. Figures
are medians of the rounds, in tokens per second. In (a) and (b) a short draw comes first, so that copies which made room
for those of (c) are in memory again. A contender that takes longer than 8 s for a workload has only one round. With
`--resume`, every figure is appended to FILE as soon as it is measured, and figures in it are not measured again. So a
run can be stopped and continued.

Models: the embedded base with adapters of the default ranks; a GPT-2 of 124M parameters with random weights and
adapters of rank 8; SmolLM2 of 135M parameters with adapters of rank 16 on the feed-forward layers. The bound is the
speed of memory: the bytes that a step must read (weights and adapters as the decoder holds them) divided by the rate at
which two threads read memory (measured here). It limits only steps of few rows.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.llama_peer import LlamaCpp4, LlamaCpp8
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
from huggingtweets.core.config.base_folders import located
from huggingtweets.model import base as bases
from huggingtweets.model.named_bases import NAMED_BASES

HERE = Path(__file__).parent
SLOW_SECONDS = 8.0
WARM_UP_TOKENS = 4
ONE = [Request(0, 5)]
EIGHT = [Request(number % 8, 1) for number in range(32)]
MANY = [Request(number, 1) for number in range(64)]
FEW = EIGHT[:8]  # enough to measure a library that serves one request after the other
NEEDED = (Ours, Pipeline, OneAfterTheOther)  # without these there are no ratios
Plan = dict[str, list[tuple[Any, Sequence[Request]]]]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def make_base(size: str, folder: Path) -> Path:
    """The folder of the base model `size`."""
    if size == "embedded":
        return Path("models/base").resolve()
    if size in NAMED_BASES:
        return Path(bases.prepare(located(size, Path("models"))))
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    embedded = Path("models/base")
    torch.manual_seed(1)
    GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
    tokenizer = json.loads((embedded / "tokenizer.json").read_text())
    # Some libraries ask for a name for every entry of the model.
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"<{number}>": number for number in range(len(vocabulary), GPT2Config().vocab_size)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_bytes((embedded / "tokenizer_config.json").read_bytes())
    return folder


def adapter_form(size: str) -> tuple[int, int, str]:
    """The ranks of the adapters, in linear layers and on the embedding, and which linear layers have one."""
    return {"124M": (8, 0, "all"), "smollm2": (16, 0, "feed-forward")}.get(size, (64, 64, "all"))


def contenders(size: str, *, quick: bool) -> Plan:
    """The contenders of each workload, ours first."""
    plan: Plan = {
        "a": [(Ours, ONE), (Pipeline, ONE)],
        "b": [(Ours, EIGHT), (OneAfterTheOther, FEW)],
        "c": [(Ours, MANY)],
    }
    if quick and size != "smollm2":
        return plan
    if not quick:
        plan["b"] += [(ByPerson, EIGHT), (PeftMixed, EIGHT)]
    copies: list[Any] = []
    if has("ctranslate2"):
        copies.append(CTranslate2)
    if has("openvino_genai"):
        copies += [OpenVinoGenAI] if quick else [OpenVinoGenAI, OpenVinoGenAIHalf]
    if size == "smollm2" and has("llama_cpp"):
        copies += [LlamaCpp4, LlamaCpp8]
    for kind in copies:
        plan["a"].append((kind, ONE))
        plan["b"].append((kind, EIGHT))
        if not quick and kind is not OpenVinoGenAIHalf:
            plan["c"].append((kind, MANY))
    return plan


@dataclass
class Figures:
    """What was measured, one entry for each model, workload, contender and round. Kept in `file` if there is one."""

    file: Path | None
    entries: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.file and self.file.exists():
            self.entries = [json.loads(line) for line in self.file.read_text().splitlines()]

    def of(self, size: str, workload: str, name: str) -> list[dict[str, Any]]:
        """The rounds of a contender so far."""
        wanted = {"model": size, "workload": workload, "contender": name}
        return [entry for entry in self.entries if entry.items() >= wanted.items()]

    def is_complete(self, size: str, workload: str, name: str, rounds: int) -> bool:
        """Returns True if this contender needs no more rounds."""
        entries = self.of(size, workload, name)
        return len(entries) >= rounds or any(entry["seconds"] > SLOW_SECONDS for entry in entries)

    def add(self, size: str, workload: str, name: str, seconds: float, tokens: int) -> None:
        entry = {"model": size, "workload": workload, "contender": name, "seconds": seconds, "tokens": tokens}
        self.entries.append(entry)
        if self.file:
            with self.file.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    def speed(self, size: str, workload: str, name: str) -> float | None:
        """Tokens per second, or None if the contender took no part."""
        speeds = [entry["tokens"] / entry["seconds"] for entry in self.of(size, workload, name)]
        return round(statistics.median(speeds), 1) if speeds else None


def make(kinds: Sequence[Any], voices: Voices) -> dict[Any, Any]:
    """The contenders that can take part."""
    made: dict[Any, Any] = {}
    for kind in kinds:
        try:
            made[kind] = kind(voices)
        except (ImportError, RuntimeError, ValueError) as error:
            if kind in NEEDED:
                raise
            say(f"{kind.name} cannot take part: {error}")
    return made


def measure(size: str, rounds: int, figures: Figures, *, quick: bool, tokens: int = TOKENS) -> dict[str, Any]:
    """The figures of one model."""
    plan = contenders(size, quick=quick)
    with tempfile.TemporaryDirectory(prefix="generation-") as name:
        folder = Path(name)
        voices = Voices(make_base(size, folder / "base"), folder, *adapter_form(size))
        missing = {
            workload: [
                (kind, asked) for kind, asked in members if not figures.is_complete(size, workload, kind.name, rounds)
            ]
            for workload, members in plan.items()
        }
        kinds = dict.fromkeys([Ours, *(kind for members in missing.values() for kind, _ in members)])
        made = make(list(kinds), voices)
        take_turns(size, missing, made, rounds, figures, tokens)
        names = {workload: [kind.name for kind, _ in members] for workload, members in plan.items()}
        speeds = {
            workload: {name: speed for name in of if (speed := figures.speed(size, workload, name))}
            for workload, of in names.items()
        }
        return {**facts(made[Ours], tokens, speeds["a"][Ours.name]), "tokens_per_second": speeds}


def take_turns(size: str, plan: Plan, made: dict[Any, Any], rounds: int, figures: Figures, tokens: int) -> None:
    """Measure what is missing with drafts of `tokens`. Round 0 warms up."""
    for number in range(rounds + 1):
        for workload, members in plan.items():
            for kind, requests in members:
                if kind not in made or figures.is_complete(size, workload, kind.name, rounds):
                    continue
                try:
                    if not number or workload != "c":
                        # The copies that a library holds may have made room for those of (c).
                        made[kind].draw(requests, WARM_UP_TOKENS)
                    if not number:
                        continue
                    started = time.perf_counter()
                    drawn = made[kind].draw(requests, tokens)
                except RuntimeError as error:
                    if kind in NEEDED:
                        raise
                    say(f"{kind.name} cannot take part: {error}")
                    del made[kind]
                    continue
                seconds = time.perf_counter() - started
                figures.add(size, workload, kind.name, seconds, drawn)
                say(f"{size} {number} ({workload}) {kind.name}: {drawn / seconds:.0f} tokens/s")


def facts(ours: Ours, tokens: int, speed: float) -> dict[str, Any]:
    """Our other figures. `speed` is that of (a)."""
    first, warm = first_answer(ours, tokens)
    each, rate = ours.adapter(0).bytes, read_rate()
    held = ours.decoder.bytes
    bound = 5 * rate / (held + each)
    return {
        "parameters": ours.weights.description.parameters,
        "decoder": type(ours.decoder).__name__,
        "ranks": {"linear": ours.voices.rank, "embedding": ours.voices.embedding_rank},
        "layers": ours.voices.layers,
        "weights_bytes": held,
        "first_answer_from_disk_s": round(first, 4),
        "warm_answer_s": round(warm, 4),
        "voices_per_gib": (1 << 30) // each,
        "memory_read_bytes_per_second": round(rate),
        "bound_a_tokens_per_second": round(bound, 1),
        "share_of_bound_a": round(speed / bound, 3),
    }


def first_answer(ours: Ours, tokens: int) -> tuple[float, float]:
    """Seconds of (d): 5 drafts in a voice that is only on disk, then 5 more. Medians of 5 tries."""
    first, warm = [], []
    for person in range(100, 105):
        ours.voices.adapter(person)
        for times in (first, warm):
            started = time.perf_counter()
            ours.draw([Request(person, 5)], tokens)
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
    values = {
        "a_vs_pipeline": ours["a"] / speeds["a"][Pipeline.name],
        "b_vs_sequential": ours["b"] / speeds["b"][OneAfterTheOther.name],
        "c_vs_b": ours["c"] / ours["b"],
    }
    others = [speed for name, speed in speeds["a"].items() if name != Ours.name]
    if len(others) > 1:
        values["a_vs_best_peer"] = ours["a"] / max(others)
    copies = [speed for name, speed in speeds["b"].items() if name not in (Ours.name, PeftMixed.name)]
    if len(copies) > 1:
        values["b_vs_best_full_copy"] = ours["b"] / max(copies)
    return {name: round(value, 2) for name, value in values.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer peers: the embedded base takes under 50 s, smollm2 under 4 minutes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--models", default=None, help="embedded, 124M and smollm2, with commas between")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of a draft")
    parser.add_argument("--resume", type=Path, help="keep every figure in this file, and measure what is missing there")
    parser.add_argument("--write", action="store_true", help="keep the figures and the picture beside this file")
    options = parser.parse_args(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from huggingtweets.core.process.cpu import usable_cores, use_threads

    use_threads(0)
    sizes = (options.models or ("embedded" if options.quick else "embedded,124M")).split(",")
    figures = Figures(options.resume)
    models = {
        size: measure(size, options.rounds, figures, quick=options.quick, tokens=options.tokens) for size in sizes
    }
    for model in models.values():
        model |= {"rounds": options.rounds, "ratios": ratios(model)}
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "threads": usable_cores()},
        "tokens_a_draft": options.tokens,
        "models": models,
        "ratios": models[sizes[0]]["ratios"],
    }
    if options.write:
        file = HERE / "generation.json"
        before = json.loads(file.read_text())["models"] if file.exists() else {}
        # Models that were not measured this time keep their figures.
        result["models"] = {**before, **models}
        file.write_text(json.dumps(result, indent=1) + "\n")
        draw(result, HERE / "generation.png")
    print(json.dumps(result, indent=1) if options.json else as_text(result))


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

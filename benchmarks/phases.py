"""Where does the time of a step go? Processor seconds of each phase of the kernels.

    python -m benchmarks.phases [--models embedded,124M,smollm2] [--threads N] [--steps N] [--every-product]

The kernels are compiled again with clocks in them. (a) is 5 drafts of one person, (b) 32 drafts of 8 people, both after
24 tokens. "prompt" reads one prompt of as many tokens as half the context has, but 512 at most. The figures are
milliseconds of one thread in a step: the least of all steps for each phase, because other processes disturb some of
them. "waiting" is for the other threads at the end of a phase. With --every-product, each way to multiply that the
processor has is measured, else the fastest alone.
"""

import argparse
import ctypes
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generation import adapter_form, make_base
from benchmarks.peers import Voices
from huggingtweets.generation.engine import adapters, native
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.grid import Grid
from huggingtweets.generation.engine.native_decoder import NativeDecoder
from huggingtweets.generation.engine.rows import Prompt, Row, Sampling
from huggingtweets.generation.engine.weights import Weights

PHASES = (
    "embed", "norms", "adapters down", "query, key, value", "cache", "attention", "attention's output", "gate and up",
    "down", "head", "choose", "waiting",
)  # fmt: skip
FLAGS = ("-O3", "-ffp-contract=off", "-pthread", "-fPIC", "-shared", "-DTIMED")
BEFORE = 24  # tokens


def compile_timed(folder: Path) -> ctypes.CDLL:
    """The kernels with clocks in them."""
    source, library = Path(native.__file__).with_name("kernels.c"), folder / "timed.so"
    subprocess.run(["gcc", *FLAGS, "-o", library, source, "-lm"], check=True)
    kernels = native.load_library(str(library))
    kernels.phase_seconds.restype = ctypes.POINTER(ctypes.c_double * len(PHASES))
    return kernels


class Clock:
    """The least that each phase took in any step."""

    def __init__(self, kernels: ctypes.CDLL):
        self._kernels = kernels
        self._least = np.full(len(PHASES), np.inf)

    def time(self, work: Any) -> None:
        before = self._now()
        work()
        self._least = np.minimum(self._least, self._now() - before)

    def _now(self) -> np.ndarray[Any, Any]:
        return np.array(self._kernels.phase_seconds().contents)

    def __str__(self) -> str:
        total = self._least.sum()
        lines = [
            f"  {1000 * part:8.3f} ms {part / total:6.1%}  {name}"
            for name, part in zip(PHASES, self._least, strict=True)
        ]
        return "\n".join([*lines, f"  {1000 * total:8.3f} ms"])


def drafts(decoder: NativeDecoder, voices: Voices, people: int, rows: int, clock: Clock, steps: int) -> None:
    """Time `steps` steps with `rows` drafts for each of `people`."""
    held = [
        decoder.hold(adapters.load(voices.adapter(person), decoder.layout, decoder.dtype)) for person in range(people)
    ]
    batch = Batch(decoder, end_of_text=-1)
    sampling = Sampling(max_new_tokens=BEFORE + steps)
    batch.join([DraftJob(voices.prompt, voice, rows, sampling, seed, "") for seed, voice in enumerate(held)])
    for _ in range(BEFORE):
        batch.step()
    while batch.rows:
        clock.time(batch.step)


def prompt(decoder: NativeDecoder, voices: Voices, clock: Clock) -> int:
    """Time the reading of a long prompt. Returns its number of tokens."""
    voice = decoder.hold(adapters.load(voices.adapter(0), decoder.layout, decoder.dtype))
    tokens = [number % 1000 for number in range(min(decoder.context // 2, 512))]
    for _ in range(3):
        row = Row(voice, Sampling(), 0, len(tokens), 1, tokens[-1])
        clock.time(lambda row=row: decoder.prefill([Prompt(tokens, voice, [row])]))
        decoder.arrange(Grid(1, (), ()))
    return len(tokens)


def time_all(what: str, decoder: NativeDecoder, voices: Voices, kernels: ctypes.CDLL, steps: int) -> None:
    """Print the phases of every workload."""
    for workload, people, rows in (("a", 1, 5), ("b", 8, 4)):
        clock = Clock(kernels)
        drafts(decoder, voices, people, rows, clock, steps)
        print(f"{what} ({workload})\n{clock}", flush=True)
    clock = Clock(kernels)
    count = prompt(decoder, voices, clock)
    print(f"{what}, a prompt of {count} tokens\n{clock}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", default="embedded,124M,smollm2")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--every-product", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="phases-") as name:
        kernels = compile_timed(Path(name))
        native._library = lambda: kernels  # type: ignore[assignment]
        for size in options.models.split(","):
            folder = Path(name) / size
            voices = Voices(make_base(size, folder / "base"), folder, *adapter_form(size))
            for products in native.products_here()[0 if options.every_product else -1 :]:
                weights, threads = Weights.of(voices.base.model), options.threads
                decoder = NativeDecoder(weights, threads=threads, products=products, burst_seconds=0)
                time_all(f"{size}, {products}", decoder, voices, kernels, options.steps)


if __name__ == "__main__":
    main()

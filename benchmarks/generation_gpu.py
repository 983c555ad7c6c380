"""How fast the engine draws on a GPU: GPT-2 124M with random weights, adapters of rank 8, 48 tokens in each draft.

    python -m benchmarks.generation_gpu

(a) 5 drafts of one person: the median time. (b) 256 rows for 64 people: tokens per second, compared with
transformers.generate on one batch of 256 rows without any adapter. 1,000 voices are in memory. The floor is the time in
which the card reads once what a step must read: the weights and 64 adapters.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.generation import make_base
from benchmarks.peers import TOKENS, OneAfterTheOther, Ours, Request, Voices

ROUNDS = 10


def seconds(contender: object, requests: list[Request]) -> float:
    """The median of the rounds. The first round only warms up."""
    import torch

    times = []
    for _ in range(ROUNDS + 1):
        torch.cuda.synchronize()
        started = time.perf_counter()
        contender.draw(requests, TOKENS)  # type: ignore[attr-defined]
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def read_rate() -> float:
    """Bytes per second that the card reads from its memory."""
    import torch

    block = torch.ones(1 << 30, dtype=torch.bfloat16, device="cuda")
    times = []
    for _ in range(5):
        torch.cuda.synchronize()
        started = time.perf_counter()
        block.sum()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return block.numel() * 2 / min(times)


def main() -> None:
    import torch

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voices = Voices(make_base("124M", folder / "base"), folder, 8, 0, device="cuda")
        ours = Ours(voices)
        one = seconds(ours, [Request(0, 5)])
        many = [Request(number % 64, 1) for number in range(256)]
        batch = seconds(ours, many)
        peer = OneAfterTheOther(voices)
        theirs = seconds(peer, [Request(0, 256)])
        each = ours.adapter(0)
        resident = [each.flat.to("cuda", copy=True) for _ in range(1_000)]
        step = (ours.decoder.bytes + 64 * each.bytes) / read_rate()
        facts = {
            "device": torch.cuda.get_device_name(),
            "decoder": type(ours.decoder).__name__,
            "a_p50_ms": round(1_000 * one, 1),
            "b_tokens_per_second": round(256 * TOKENS / batch),
            "generate_tokens_per_second": round(256 * TOKENS / theirs),
            "b_vs_generate": round(theirs / batch, 2),
            "floor_b_tokens_per_second": round(256 / step),
            "share_of_floor_b": round(step * TOKENS / batch, 3),
            "voices_resident": len(resident),
        }
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()

"""What does rounding cost? Held-out loss of a base as the kernels hold it, compared with fp32, without any adapter.

    python -m benchmarks.rounding FILE... [--base models/base] [--posts 100]

The latest --posts posts that FILE holds out are predicted token by token, each step for all posts at once.
"""

import argparse
from pathlib import Path

import torch
from torch.nn import functional

from benchmarks.accounts import data_set
from huggingtweets.core.config.base_folders import located
from huggingtweets.core.process.cpu import use_threads
from huggingtweets.generation.engine.decoder import Cells
from huggingtweets.generation.engine.grid import Grid
from huggingtweets.generation.engine.native_decoder import NativeDecoder
from huggingtweets.generation.engine.rows import Prompt, Row, Sampling
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base

MOST_TOKENS = 96  # of a post


def sequences(base: Base, source: Path, posts: int) -> list[list[int]]:
    """The tokens of each post, between two ends of text."""
    texts = data_set(source).held_out[-posts:]
    end = base.end_of_text
    return [[end, *base.tokenizer.encode(text).ids[:MOST_TOKENS], end] for text in texts]


def in_fp32(base: Base, texts: list[list[int]]) -> list[torch.Tensor]:
    """The losses of each text's tokens after its first."""
    losses = []
    with torch.inference_mode():
        for tokens in texts:
            logits = base.model(torch.tensor([tokens[:-1]]))[0]
            losses.append(functional.cross_entropy(logits, torch.tensor(tokens[1:]), reduction="none"))
    return losses


def by_kernels(decoder: NativeDecoder, texts: list[list[int]]) -> list[torch.Tensor]:
    """The same. The tokens that the decoder draws are replaced by those of the texts."""
    rows = [Row(None, Sampling(), 0, 1, len(tokens), tokens[0]) for tokens in texts]
    first = decoder.prefill([Prompt([tokens[0]], None, [row]) for tokens, row in zip(texts, rows, strict=True)])
    logits = [[each] for each in first]
    decoder.arrange(Grid(len(rows), (None,), tuple(rows)))
    cells = Cells(rows)
    for step in range(1, max(map(len, texts)) - 1):
        cells.tokens[:] = torch.tensor([tokens[min(step, len(tokens) - 1)] for tokens in texts])
        decoder.advance(cells)
        for number, tokens in enumerate(texts):
            if step < len(tokens) - 1:
                logits[number].append(torch.from_numpy(decoder._decoding.logits[number, : first.shape[1]].copy()))
    return [
        functional.cross_entropy(torch.stack(own), torch.tensor(tokens[1:]), reduction="none")
        for own, tokens in zip(logits, texts, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--base", default="models/base")
    parser.add_argument("--posts", type=int, default=100)
    options = parser.parse_args()
    use_threads(0)
    base = bases.load(located(options.base, Path("models")))
    decoder = NativeDecoder(Weights.of(base.model))
    for source in options.files:
        texts = sequences(base, source, options.posts)
        exact = torch.cat(in_fp32(base, texts))
        print(f"{source.stem}: {len(exact)} tokens, fp32 {exact.mean():.4f} nats a token", flush=True)
        away = torch.cat(by_kernels(decoder, texts)) - exact
        noise = away.std() / len(away) ** 0.5
        share, spread = (100 * (each / exact.mean()).item() for each in (away.mean(), noise))
        print(f"  int8 {share:+.3f} % ± {spread:.3f}, {decoder.bytes / 2**20:.1f} MiB", flush=True)


if __name__ == "__main__":
    main()

"""Tweets like somebody's without any training: the base model, mixed with what follows what in the person's own tweets.

A cache language model (Kuhn & De Mori 1990; for neural models Grave et al. 2017) over token pairs, smoothed after
Witten & Bell 1991 with the base's prediction as the ground to fall back on. Tweets put before the prompt do not do it:
the base was trained with a mask between documents, and never learned to look at others. Measured on the embedded base
of 9.1 M parameters, held-out bits per byte alone / with the tweets as a prompt / with the cache: NASA 2.73 / 2.78 /
1.91, dril 2.34 / 2.49 / 2.28, a small account of 239 tweets 2.05 / 2.18 / 1.87.

Knows a base, texts and tokens. Does not know stores, versions or who asks.
"""

import asyncio
import math
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from huggingtweets.core.config import Settings
from huggingtweets.core.cpu import use_threads
from huggingtweets.core.errors import Busy, NotEnoughDrafts, NotNow, TooLittleData
from huggingtweets.core.library_lock import TRANSFORMERS
from huggingtweets.core.records import Counts
from huggingtweets.generation.checks import CopyCheck
from huggingtweets.generation.writer import Sieve, Tweets, asked_for

if TYPE_CHECKING:
    import torch

    from huggingtweets.generation.engine.decode import Draft, Sampling
    from huggingtweets.model.base import Base

VERSION = "preview"  # in the place of a version's number: what is answered is marked as that
MIN_CHARACTERS = 500
MAX_TEXTS = 2_000  # the latest; more change little and take longer to count
MAX_WAITING = 8
STOPPING = "I am being stopped; try again when I am back."
SPARE_DRAFTS = 4
ANY_TOKEN = 0.2  # share of what the person says anywhere in what is fallen back on
FALLING_BACK = 3.0  # weight of the different tokens seen after one: Witten and Bell have 1, which copies more


class Habits:
    """What follows what in a person's texts, by the tokens of `base`."""

    def __init__(self, base: "Base", texts: Sequence[str]):
        import torch

        from huggingtweets.model.tokenizer import encode_all

        following: dict[int, Counter[int]] = {}
        for ids in encode_all(base.tokenizer, texts):
            framed = [base.end_of_text, *ids.tolist(), base.end_of_text]
            for before, after in pairwise(framed):
                following.setdefault(before, Counter())[after] += 1
        self._following = {
            before: (torch.tensor(list(seen)), torch.tensor(list(seen.values()), dtype=torch.float64))
            for before, seen in following.items()
        }
        self._anywhere = torch.zeros(base.model.config.vocab_size, dtype=torch.float64)
        for tokens, counts in self._following.values():
            self._anywhere.index_add_(0, tokens, counts)
        self._anywhere /= self._anywhere.sum()

    def mixed(self, shares: "torch.Tensor", before: Sequence[int]) -> "torch.Tensor":
        """The base's `shares` [rows, vocabulary] of the next token, mixed with those after the row's token `before`."""
        mixed = (1 - ANY_TOKEN) * shares.double() + ANY_TOKEN * self._anywhere
        for row, token in enumerate(before):
            if token in self._following:
                tokens, counts = self._following[token]
                weight = FALLING_BACK * len(tokens)
                mixed[row] *= weight / (counts.sum() + weight)
                mixed[row].index_add_(0, tokens, counts / (counts.sum() + weight))
        return mixed


def draw(
    base: "Base", habits: Habits, prompt: str, count: int, sampling: "Sampling", seed: int, stop: Callable[[], bool]
) -> list["Draft"]:
    """`count` drafts that begin with `prompt`; stops early when `stop()` says so."""
    import torch

    with TRANSFORMERS:
        from transformers import DynamicCache

    from huggingtweets.generation.engine.decode import Draft
    from huggingtweets.generation.engine.start import start_of

    start = start_of(base, prompt, sampling.max_new_tokens)
    chance = torch.Generator().manual_seed(seed)
    rows: list[list[int]] = [[] for _ in range(count)]
    ended = [False] * count
    cache, tokens = DynamicCache(), torch.tensor([start.tokens]).repeat(count, 1)
    with torch.inference_mode():
        for step in range(min(sampling.max_new_tokens, base.context - len(start.tokens) + 1)):
            logits = base.model(input_ids=tokens, past_key_values=cache, use_cache=True).logits[:, -1]
            shares = torch.softmax(logits.float() / sampling.temperature, -1)
            mixed = habits.mixed(shares, tokens[:, -1].tolist())
            if not step and start.barred is not None:
                mixed[:, : len(start.barred)].masked_fill_(start.barred, 0.0)
            mixed = _narrowed(mixed, sampling)
            tokens = torch.multinomial(mixed, 1, generator=chance)
            for row, token in enumerate(tokens[:, 0].tolist()):
                ended[row] = ended[row] or token == base.end_of_text
                if not ended[row]:
                    rows[row].append(token)
            if all(ended) or stop():
                break
    return [
        Draft(start.text + base.tokenizer.decode(row, skip_special_tokens=False), was_ended)
        for row, was_ended in zip(rows, ended, strict=True)
    ]


def _narrowed(shares: "torch.Tensor", sampling: "Sampling") -> "torch.Tensor":
    """`shares` with nothing left but the top k, and of these those that make up p of what the top k has."""
    import torch

    values, tokens = shares.topk(min(sampling.top_k, shares.shape[-1]), dim=-1)
    values = values / values.sum(-1, keepdim=True)
    values = values.masked_fill(values.cumsum(-1) - values >= sampling.top_p, 0.0)
    return torch.zeros_like(shares).scatter_(1, tokens, values)


class Previews:
    """Draws previews, one at a time on a thread of its own. An async context manager: leaving it ends what runs."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._base: Base | None = None
        self._waiting = 0
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    async def write(
        self,
        name: str,
        texts: Sequence[str],
        prompt: str = "",
        count: int = 1,
        seed: int | None = None,
        *,
        counts: Counts | None = None,
    ) -> Tweets:
        """`count` tweets like `texts`, the person's own, clean; they pass every check and ping nobody.

        `counts` say what became of the tweets that the texts are from.

        Raises `Usage`, `TooLittleData`, `NotEnoughDrafts`, `BadBase`, `Busy` when many wait, and `Unavailable` past the
        deadline of [generation] timeout_seconds.
        """
        prompt = asked_for(prompt, count)
        characters = sum(map(len, texts))
        if characters < MIN_CHARACTERS:
            raise TooLittleData(name, characters, MIN_CHARACTERS, counts)
        if self._waiting >= MAX_WAITING:
            raise Busy(2.0 * self._waiting)
        given_up = False
        seed = secrets.randbits(32) if seed is None else seed
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.generation.timeout_seconds):
                return await asyncio.get_running_loop().run_in_executor(
                    self._worker, self._write, name, texts, prompt, count, seed, lambda: given_up or self._closing
                )
        except TimeoutError:
            raise NotNow("The preview took too long; try again with fewer tweets.") from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and not task.cancelling():
                # Nobody gave up on the request: it was in the queue when this was closed.
                raise NotNow(STOPPING) from None
            raise
        finally:
            given_up = True
            self._waiting -= 1

    def _write(
        self, name: str, texts: Sequence[str], prompt: str, count: int, seed: int, stop: Callable[[], bool]
    ) -> Tweets:
        """On the worker thread, where torch is imported."""
        from huggingtweets.generation.engine.decode import Sampling
        from huggingtweets.model import base as bases

        if self._base is None:
            use_threads(self._settings.generation.threads)
            self._base = bases.load(self._settings.training.base)
            self._base.model.train(False).requires_grad_(False)
        habits = Habits(self._base, texts[-MAX_TEXTS:])
        sieve = Sieve([CopyCheck(texts)], prompt, count)
        sampling = Sampling.of(self._settings.generation)
        for number in range(self._settings.generation.max_rounds):
            if not sieve.missing or stop():
                break
            rows = sieve.missing + SPARE_DRAFTS
            for draft in draw(self._base, habits, prompt, rows, sampling, (seed + number) % 2**63, stop):
                sieve.offer(draft)
        if not sieve.texts:
            raise NotNow(STOPPING) if self._closing else NotEnoughDrafts(name, sieve.refused)
        return Tweets(sieve.texts, name, VERSION, seed, count)


def bits_per_byte(base: "Base", texts: Sequence[str], of: Sequence[str]) -> float:
    """Held-out bits per byte of `of` under the base mixed with the habits of `texts`: how much they help."""
    import torch

    from huggingtweets.model.tokenizer import byte_sizes, encode_all

    habits, sizes = Habits(base, texts), byte_sizes(base.tokenizer)
    bits = bytes_ = 0.0
    with torch.inference_mode():
        for ids in encode_all(base.tokenizer, of):
            framed = [base.end_of_text, *ids.tolist(), base.end_of_text][: base.context + 1]
            shares = torch.softmax(base.model(torch.tensor([framed[:-1]])).logits[0].float(), -1)
            chosen = habits.mixed(shares, framed[:-1]).gather(1, torch.tensor(framed[1:]).unsqueeze(1))
            bits -= float(chosen.log2().sum())
            bytes_ += float(sizes[framed[1:]].sum())
    return bits / bytes_ if bytes_ else math.nan

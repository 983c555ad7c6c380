"""Drafts of one prompt from a model in memory, without voices, queues or threads: what evaluation draws with.

Knows a base, tokens and text. Does not know names or files.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from huggingtweets.base import Base
from huggingtweets.engine.batch import Batch, Job
from huggingtweets.engine.rows import Sampling
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights
from huggingtweets.tokenizer import encode_all

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Draft", "Sampling", "decode", "prompt_tokens", "read_drafts"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """One continuation: `text` begins with the prompt; `ended` says whether the model ended it by itself."""

    text: str
    ended: bool


class Reader(Protocol):
    """What text becomes tokens with."""

    @property
    def tokenizer(self) -> "Tokenizer": ...
    @property
    def end_of_text(self) -> int: ...
    @property
    def context(self) -> int: ...


def decode(
    voice: Base, prompt: str, count: int, sampling: Sampling, seed: int, stop: Callable[[], bool] = lambda: False
) -> list[Draft]:
    """`count` drafts that begin with `prompt`; fewer tokens each when `stop()` says so between two steps."""
    batch = Batch(TorchDecoder(Weights.of(voice.model, voice.id)), voice.end_of_text)
    job = Job(prompt_tokens(voice, prompt, sampling.max_new_tokens), None, count, sampling, seed)
    batch.join([job])
    while batch.rows:
        if stop():
            batch.drop(job)
            break
        batch.step()
    return read_drafts(voice, prompt, job)


def prompt_tokens(voice: Reader, prompt: str, room: int) -> list[int]:
    """End-of-text and the prompt's tokens; a prompt that leaves less than `room` of the context loses its start."""
    tokens: list[int] = encode_all(voice.tokenizer, [prompt])[0].tolist()
    fitting = max(0, voice.context - room - 1)
    if len(tokens) > fitting:
        log.warning("a prompt of %d tokens was cut to its last %d", len(tokens), fitting)
        tokens = tokens[-fitting:] if fitting else []
    return [voice.end_of_text, *tokens]


def read_drafts(voice: Reader, prompt: str, job: Job) -> list[Draft]:
    """What `job` has drawn, as text."""
    return [_draft(voice, prompt, drawn) for drawn in job.drafts]


def _draft(voice: Reader, prompt: str, drawn: list[int]) -> Draft:
    ended = drawn[-1:] == [voice.end_of_text]
    return Draft(prompt + voice.tokenizer.decode(drawn[:-1] if ended else drawn, skip_special_tokens=False), ended)

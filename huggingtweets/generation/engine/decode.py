"""Drafts of one prompt from a model in memory, without voices, queues or threads. Evaluation draws with this.

Knows a base, tokens and text. Does not know names or files.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.rows import Row, Sampling
from huggingtweets.generation.engine.start import Reader, start_of
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.base import Base
from huggingtweets.model.loss import bits_per_byte

__all__ = ["Draft", "Sampling", "decode", "decode_with", "read_drafts"]


@dataclass(frozen=True, slots=True)
class Draft:
    """`text` begins with the prompt, perhaps without its last blank. `ended` is True if the model ended the text.

    `drawn` tokens were drawn for it, after `read` tokens of the prompt and of what was said before. `bits_per_byte` is
    how unlikely the voice finds what was drawn, with its end; None if nobody knows.
    """

    text: str
    ended: bool
    drawn: int = field(default=0, compare=False)
    read: int = field(default=0, compare=False)
    bits_per_byte: float | None = field(default=None, compare=False)


def decode(
    voice: Base,
    prompt: str,
    count: int,
    sampling: Sampling,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
) -> list[Draft]:
    """`count` drafts of a model in fp32 that begin with `prompt`, as `decode_with` draws them."""
    return decode_with(TorchDecoder(Weights.of(voice.model, voice.banned)), voice, prompt, count, sampling, seed, stop)


def decode_with(
    decoder: Decoder,
    reader: Reader,
    prompt: str,
    count: int,
    sampling: Sampling,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
) -> list[Draft]:
    """`count` drafts that begin with `prompt`; fewer tokens each when `stop()` says so between two steps."""
    batch = Batch(decoder, reader.end_of_text)
    start = start_of(reader, prompt, sampling.max_new_tokens)
    job = DraftJob(start.tokens, None, count, sampling, seed, start.text, start.barred)
    batch.join([job])
    while batch.rows:
        if stop():
            batch.drop(job)
            break
        batch.step()
    return read_drafts(reader, job)


def read_drafts(voice: Reader, job: DraftJob) -> list[Draft]:
    """What `job` has drawn so far, as text."""
    return [_draft(voice, job, row) for row in job.rows]


def _draft(voice: Reader, job: DraftJob, row: Row) -> Draft:
    drawn = row.drawn
    ended = drawn[-1:] == [voice.end_of_text]
    text = voice.tokenizer.decode(drawn[:-1] if ended else drawn, skip_special_tokens=False)
    unlikely = bits_per_byte(row.nats, max(1, len(text.encode(errors="replace"))))
    # Some tokenizers begin every text with a blank.
    text = job.begins + text if job.begins else text.removeprefix(" ")
    return Draft(text, ended, len(drawn), len(job.prompt), unlikely)

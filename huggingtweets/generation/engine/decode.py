"""Drafts of one prompt from a model in memory, without voices, queues or threads. Evaluation draws with this.

Knows a base, tokens and text. Does not know names or files.
"""

from collections.abc import Callable
from dataclasses import dataclass

from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.start import Reader, start_of
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.base import Base

__all__ = ["Draft", "Sampling", "decode", "read_drafts"]


@dataclass(frozen=True, slots=True)
class Draft:
    """`text` begins with the prompt, perhaps without its last blank. `ended` is True if the model ended the text."""

    text: str
    ended: bool


def decode(
    voice: Base,
    prompt: str,
    count: int,
    sampling: Sampling,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
    decoder: Callable[[Weights], Decoder] = TorchDecoder,
) -> list[Draft]:
    """`count` drafts that begin with `prompt`; fewer tokens each when `stop()` says so between two steps."""
    batch = Batch(decoder(Weights.of(voice.model, voice.banned)), voice.end_of_text)
    start = start_of(voice, prompt, sampling.max_new_tokens)
    job = DraftJob(start.tokens, None, count, sampling, seed, start.text, start.barred)
    batch.join([job])
    while batch.rows:
        if stop():
            batch.drop(job)
            break
        batch.step()
    return read_drafts(voice, job)


def read_drafts(voice: Reader, job: DraftJob) -> list[Draft]:
    """What `job` has drawn so far, as text."""
    return [_draft(voice, job.begins, drawn) for drawn in job.drafts]


def _draft(voice: Reader, begins: str, drawn: list[int]) -> Draft:
    ended = drawn[-1:] == [voice.end_of_text]
    text = voice.tokenizer.decode(drawn[:-1] if ended else drawn, skip_special_tokens=False)
    # Some tokenizers begin every text with a blank.
    return Draft(begins + text if begins else text.removeprefix(" "), ended)

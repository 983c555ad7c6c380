"""Drafts of one prompt, decoded together: one prefill for all, a row a draft, until every row has ended.

Knows a model, tokens and when to stop. Does not know names, files or threads.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from huggingtweets.base import Base
from huggingtweets.config import Generation
from huggingtweets.engine.sampling import row_seeds, sample, uniforms
from huggingtweets.tokenizer import encode_all

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and how many at most."""

    temperature: float = 1.0
    top_k: int = 50
    top_p: float = 0.95
    max_new_tokens: int = 100

    @classmethod
    def of(cls, settings: Generation) -> "Sampling":
        """As config.toml says."""
        return cls(settings.temperature, settings.top_k, settings.top_p, settings.max_new_tokens)


@dataclass(frozen=True, slots=True)
class Draft:
    """One continuation: `text` begins with the prompt; `ended` says whether the model ended it by itself."""

    text: str
    ended: bool


@torch.inference_mode()
def decode(
    voice: Base, prompt: str, count: int, sampling: Sampling, seed: int, stop: Callable[[], bool] = lambda: False
) -> list[Draft]:
    """`count` drafts that begin with `prompt`; fewer tokens each when `stop()` says so between two steps."""
    start = prompt_tokens(voice, prompt, sampling.max_new_tokens)
    seeds = row_seeds(seed, count)
    drawn: list[torch.Tensor] = []
    cache = DynamicCache()
    ended = torch.zeros(count, dtype=torch.bool)
    tokens = torch.tensor([start])
    # The last token drawn is never read, so it needs no place.
    for step in range(min(sampling.max_new_tokens, voice.context - len(start) + 1)):
        positions = torch.arange(len(start) - 1 + step, len(start) + step) if step else torch.arange(len(start))
        hidden = voice.model.transformer(
            input_ids=tokens, past_key_values=cache, position_ids=positions.unsqueeze(0), use_cache=True
        ).last_hidden_state[:, -1]
        logits = voice.model.lm_head(hidden)
        if step == 0:
            cache.batch_repeat_interleave(count)
            logits = logits.expand(count, -1)
        chosen = sample(
            logits,
            uniforms(seeds, step),
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
        )
        chosen = chosen.masked_fill(ended, voice.end_of_text)
        drawn.append(chosen)
        ended |= chosen == voice.end_of_text
        if ended.all() or stop():
            break
        tokens = chosen.unsqueeze(1)
    return [_draft(voice, prompt, row) for row in torch.stack(drawn, dim=1).tolist()]


def prompt_tokens(voice: Base, prompt: str, room: int) -> list[int]:
    """End-of-text and the prompt's tokens; a prompt that leaves less than `room` of the context loses its start."""
    tokens = encode_all(voice.tokenizer, [prompt])[0].tolist()
    fitting = max(0, voice.context - room - 1)
    if len(tokens) > fitting:
        log.warning("a prompt of %d tokens was cut to its last %d", len(tokens), fitting)
        tokens = tokens[-fitting:] if fitting else []
    return [voice.end_of_text, *tokens]


def _draft(voice: Base, prompt: str, row: list[int]) -> Draft:
    ended = voice.end_of_text in row
    kept = row[: row.index(voice.end_of_text)] if ended else row
    return Draft(prompt + voice.tokenizer.decode(kept, skip_special_tokens=False), ended)

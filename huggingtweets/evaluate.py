"""How good a voice is: its loss on tweets it has not seen, and what its unchecked drafts are like.

Knows models, texts and formulas. Does not know versions' history or what is good enough.
"""

from collections.abc import Sequence

from huggingtweets.base import Base
from huggingtweets.checks import normalised
from huggingtweets.dataset import Dataset
from huggingtweets.engine.decode import Draft, Sampling, decode
from huggingtweets.loss import bits_per_byte, mean_loss
from huggingtweets.records import Report
from huggingtweets.tokenizer import byte_count
from huggingtweets.train import tokenized_rows

DRAFTS = 50


def evaluate(
    voice: Base, base_loss_bits: float, dataset: Dataset, *, sampling: Sampling, row_tokens: int, seed: int
) -> tuple[Report, list[Draft]]:
    """The report on `voice`, and the drafts it was written from; `base_loss_bits` is the base's, by `held_out_bits`."""
    drafts = decode(voice, "", DRAFTS, sampling, seed)
    texts = [draft.text for draft in drafts]
    report = Report(
        held_out_tweets=len(dataset.held_out),
        held_out_bits_per_byte=held_out_bits(voice, dataset.held_out, row_tokens),
        base_held_out_bits_per_byte=base_loss_bits,
        drafts=len(texts),
        exact_copies=exact_copies(texts, dataset.texts),
        distinct_2=distinct_n(texts, 2),
    )
    return report, drafts


def held_out_bits(voice: Base, texts: Sequence[str], row_tokens: int) -> float:
    """Bits per UTF-8 byte of `texts`; see `loss.bits_per_byte`."""
    rows = tokenized_rows(voice, texts, row_tokens)
    return bits_per_byte(mean_loss(voice.model, rows), rows.token_count, byte_count(voice.tokenizer, rows))


def exact_copies(drafts: Sequence[str], known: Sequence[str]) -> int:
    """How many of `drafts` are one of `known` once case, punctuation and emoji are put aside."""
    originals = {normalised(text) for text in known} - {""}
    return sum(normalised(draft) in originals for draft in drafts)


def distinct_n(texts: Sequence[str], n: int) -> float:
    """Different word n-grams over all word n-grams of `texts` (Li et al. 2016); 1 is all different, 0 none there."""
    grams = [tuple(words[i : i + n]) for words in map(str.split, texts) for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0

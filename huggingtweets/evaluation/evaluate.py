"""How good a voice is: its loss on unseen tweets, how much its drafts copy, and to whom its tweets are attributed.

Knows models, texts and formulas. Does not know versions' history or what is good enough.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from huggingtweets.core.records import Comparison, Replies, Report, Sense
from huggingtweets.evaluation.attribution import Attribution
from huggingtweets.generation.checks import CopyCheck
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.generation.writer import Sieve
from huggingtweets.model.base import Base
from huggingtweets.model.loss import PLACES_AT_ONCE, bits_per_byte
from huggingtweets.model.replies import context_tokens, with_contexts
from huggingtweets.model.tokenizer import byte_sizes, encode_all
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.tweets.style.likeness import distinct_n, divergence, emoji_profile, length_profile
from huggingtweets.tweets.texts.copies import KnownTexts, exact_copies, near_copies, short_repeats

BATCH_TEXTS = 32


@dataclass(frozen=True, slots=True)
class TextLosses:
    """For each text, its nats under a voice, with the closing end-of-text, and its UTF-8 bytes, without it."""

    nats: NDArray[np.float64]
    sizes: NDArray[np.int64]

    @property
    def bits(self) -> NDArray[np.float64]:
        bits: NDArray[np.float64] = self.nats / np.log(2)
        return bits

    @property
    def per_byte_of_each(self) -> NDArray[np.float64]:
        """Bits per byte of each text."""
        each: NDArray[np.float64] = self.bits / np.maximum(1, self.sizes)
        return each

    @property
    def per_byte(self) -> float:
        """Bits per byte of all texts together."""
        return bits_per_byte(float(self.nats.sum()), int(self.sizes.sum()))


@dataclass(frozen=True, slots=True)
class Judged:
    """The input of a report besides the drafts: losses on the held-out tweets, other accounts' texts, and more.

    `others` are the training texts of other accounts, by account.
    """

    loss: TextLosses
    base_loss: TextLosses
    previous: Comparison | None
    others: Mapping[str, Sequence[str]]
    sense: Sense | None = None
    replies: Replies | None = None


def evaluate(name: str, dataset: Dataset, judged: Judged, drafts: Sequence[Draft]) -> Report:
    """The report on the voice `name`, from its losses and from `drafts` that no check has seen."""
    texts = [draft.text for draft in drafts]
    tweets = passing(dataset, drafts)
    training_texts = KnownTexts(dataset.texts)
    of_tweets = of_held_out = None
    if judged.others:
        attribution = Attribution({**judged.others, name: dataset.learned})
        of_tweets = attribution.share(tweets, [name])
        of_held_out = attribution.share(dataset.held_out, [name])
    return Report(
        held_out_tweets=len(dataset.held_out),
        held_out_bits_per_byte=judged.loss.per_byte,
        base_held_out_bits_per_byte=judged.base_loss.per_byte,
        drafts=len(texts),
        exact_copies=exact_copies(texts, training_texts),
        near_copies=near_copies(texts, training_texts),
        short_repeats=short_repeats(texts, training_texts),
        distinct_2=distinct_n(texts, 2),
        tweets=len(tweets),
        length_divergence=divergence(length_profile(tweets), length_profile(dataset.learned)),
        emoji_divergence=divergence(emoji_profile(tweets), emoji_profile(dataset.learned)),
        accounts=len(judged.others) + 1,
        attribution=of_tweets,
        held_out_attribution=of_held_out,
        previous=judged.previous,
        sense=judged.sense,
        replies=judged.replies,
    )


def passing(dataset: Dataset, drafts: Sequence[Draft], prompt: str = "") -> tuple[str, ...]:
    """The drafts that pass the checks of every answer to `prompt`, as tweets, each once."""
    sieve = Sieve([CopyCheck(dataset.texts)], prompt, len(drafts))
    for draft in drafts:
        sieve.offer(draft)
    return sieve.texts


@torch.inference_mode()
def text_losses(
    voice: Base,
    texts: Sequence[str],
    row_tokens: int,
    contexts: Sequence[str] = (),
    tell: Callable[[int], None] = lambda _: None,
) -> TextLosses:
    """The loss of each of `texts` under `voice`, cut to `row_tokens` and to the context as in training.

    Training needs one mean, fast and in packed rows (`model.loss.mean_loss`). Comparing two versions
    needs the loss of every text. With `contexts`, each is read after what was said before it. A text that is cut has no
    end-of-text to predict, and its bytes count as far as it was read. `tell` hears of the tokens that were read.
    """
    longest = min(row_tokens, voice.context)
    documents = encode_all(voice.tokenizer, texts)
    said = [0] * len(texts)
    if contexts:
        written = context_tokens(voice.tokenizer, contexts)
        documents, said = with_contexts(written, documents, longest)
    sizes_of = byte_sizes(voice.tokenizer)
    nats, sizes = np.zeros(len(texts)), np.zeros(len(texts), np.int64)
    by_length = sorted(range(len(texts)), key=lambda place: len(documents[place]))
    for start in range(0, len(by_length), BATCH_TEXTS):
        places = by_length[start : start + BATCH_TEXTS]
        framed = [[voice.end_of_text, *documents[place].tolist(), voice.end_of_text][: longest + 1] for place in places]
        width = max(map(len, framed))
        # A place never sees later ones, so the padding at the end of a row needs no mask.
        rows = torch.tensor([row + [voice.end_of_text] * (width - len(row)) for row in framed])
        counted = torch.tensor(
            [
                [False] * said[place] + [True] * (len(row) - 1 - said[place]) + [False] * (width - len(row))
                for place, row in zip(places, framed, strict=True)
            ]
        )
        device = voice.model.device
        hidden = voice.model.body(rows[:, :-1].to(device))[counted.to(device)]
        targets = rows[:, 1:][counted].to(device)
        # All logits of a batch would take a gigabyte with a vocabulary of 49,152 tokens.
        of_tokens = torch.cat(
            [
                functional.cross_entropy(voice.model.head(some).float(), goals, reduction="none").double().cpu()
                for some, goals in zip(*(torch.split(part, PLACES_AT_ONCE) for part in (hidden, targets)), strict=True)
            ]
        )
        owners = counted.nonzero()[:, 0].numpy()
        nats[places] = np.bincount(owners, of_tokens.numpy(), len(places))
        # Some tokenizers begin a text with a blank that it does not have.
        sizes[places] = [
            min(sizes_of[row[1 + said[place] :]].sum(), len(texts[place].encode()))
            for place, row in zip(places, framed, strict=True)
        ]
        tell(sum(len(row) - 1 for row in framed))
    return TextLosses(nats, sizes)

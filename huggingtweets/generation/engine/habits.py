"""What follows what in somebody's own texts, mixed with what a base model predicts: a voice without any training.

This is a cache language model (Kuhn & De Mori 1990; for neural models Grave et al. 2017) over pairs of tokens. It is
smoothed after Witten & Bell 1991, and falls back on the base's prediction. Putting the texts before the prompt instead
does not work: the base was trained with a mask between documents, and never learned to look at other documents.
Measured on the embedded base of 9.1 M parameters, held-out bits per byte alone / with the tweets as a prompt / with
this mixture: NASA 2.73 / 2.78 / 1.91, dril 2.34 / 2.49 / 2.28, a small account of 239 tweets 2.05 / 2.18 / 1.87.

Knows tokens and the base's logits. Does not know rows, requests or whose texts these are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from huggingtweets.model.packing import Tokens

Floats = NDArray[np.float32]
LEAST = np.finfo(np.float32).tiny
ANY_TOKEN = 0.2  # the share of the person's token frequencies in the fallback; the base has the rest
FALLING_BACK = 3.0  # weight of each different token seen after one: Witten and Bell have 1, which copies more


class Habits:
    """The counts of the pairs of tokens in `texts`, token ids without `end_of_text`, which stands around each text.

    `vocabulary` is how many logits the base gives.
    """

    def __init__(self, texts: Sequence[Tokens], end_of_text: int, vocabulary: int):
        end = np.array([end_of_text])
        stream = np.concatenate([end, *(part for text in texts for part in (text, end))])
        pairs, counts = np.unique(stream[:-1].astype(np.int64) * vocabulary + stream[1:], return_counts=True)
        self._starts = np.searchsorted(pairs, np.arange(vocabulary + 1) * vocabulary).tolist()
        self._after, self._counts = pairs % vocabulary, counts.astype(np.float32)
        everywhere = np.bincount(stream[1:], minlength=vocabulary).astype(np.float32)
        self._anywhere = everywhere / everywhere.sum()

    def mixed(self, shares: Floats, before: Sequence[int]) -> Floats:
        """The base's `shares` [rows, vocabulary] of the token after `before` [rows], mixed with the person's."""
        mixed: Floats = (1 - ANY_TOKEN) * shares + ANY_TOKEN * self._anywhere
        for row, token in zip(mixed, before, strict=True):
            here = slice(self._starts[token], self._starts[token + 1])
            tokens, counts = self._after[here], self._counts[here]
            if len(tokens):
                fallback = FALLING_BACK * len(tokens)
                total = counts.sum() + fallback
                row *= fallback / total
                row[tokens] += counts / total
        return mixed

    def bent(self, logits: Floats, before: Sequence[int], temperature: Floats) -> Floats:
        """The base's `logits` [rows, vocabulary] changed so that a draw at `temperature` is a draw from the mixture."""
        temperature = temperature[:, None]
        shares = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
        shares /= shares.sum(1, keepdims=True)
        # The logarithm needs a share above zero. The least one is so small that its token is never drawn.
        bent: Floats = np.log(np.maximum(self.mixed(shares, before), LEAST)) * temperature
        return bent

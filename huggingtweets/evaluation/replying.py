"""Does a voice answer what was said: the bits of held-out replies with their context, without, and with another's.

Knows a voice and pairs. Does not know how a pair is learned, or what is good enough.
"""

from collections.abc import Callable, Sequence

import numpy as np

from huggingtweets.core.records import Replies
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.model.base import Base
from huggingtweets.tweets.learned.dataset import Example

MIN_PAIRS = 20  # with fewer, one reply changes the shares by more than 5 %


def replying(
    voice: Base, pairs: Sequence[Example], row_tokens: int, tell: Callable[[int], None] = lambda _: None
) -> Replies | None:
    """The figures on `pairs`, which are held-out replies with their contexts. None if they are too few.

    `tell` hears of the tokens that were read.
    """
    others = [_of_another(place, pairs) for place in range(len(pairs))]
    judged = [(pair, other) for pair, other in zip(pairs, others, strict=True) if other]
    if len(judged) < MIN_PAIRS:
        return None
    texts = [pair.text for pair, _ in judged]
    right = text_losses(voice, texts, row_tokens, [pair.context for pair, _ in judged], tell)
    without = text_losses(voice, texts, row_tokens, tell=tell)
    other = text_losses(voice, texts, row_tokens, [other for _, other in judged], tell)
    return Replies(
        pairs=len(judged),
        with_context=right.per_byte,
        without_context=without.per_byte,
        with_another=other.per_byte,
        right_is_better=float(np.mean(right.nats < other.nats)),
    )


def _of_another(place: int, pairs: Sequence[Example]) -> str:
    """The context of a pair that is far from the one at `place` and of another thread; empty if there is none.

    In a thread, the next reply has this reply in its context.
    """
    own = {pairs[place].text, *pairs[place].context.split("\n")}
    far = [pairs[(place + len(pairs) // 2 + step) % len(pairs)] for step in range(len(pairs))]
    return next((one.context for one in far if own.isdisjoint([one.text, *one.context.split("\n")])), "")

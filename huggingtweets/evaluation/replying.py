"""Does a voice answer what was said: the bits of held-out replies with their context, without, and with another's.

Knows a voice and pairs. Does not know how a pair is learned, or what is good enough.
"""

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from huggingtweets.core.records import Replies
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.model.base import Base
from huggingtweets.tweets.learned.dataset import Example

MIN_PAIRS = 20  # with fewer, one reply changes the shares by more than 5 %


def replying(
    voice: Base,
    pairs: Sequence[Example],
    row_tokens: int,
    tell: Callable[[int], None] = lambda _: None,
    *,
    others: int = 1,
) -> Replies | None:
    """The figures on `pairs`, which are held-out replies with their contexts. None if they are too few.

    Each reply is read after the contexts of up to `others` other replies: more of them take longer, and chance matters
    less. `tell` hears of the tokens that were read.
    """
    contexts = [_of_others(place, pairs, others) for place in range(len(pairs))]
    judged = [(pair, found) for pair, found in zip(pairs, contexts, strict=True) if found]
    if len(judged) < MIN_PAIRS:
        return None
    texts = [pair.text for pair, _ in judged]
    right = text_losses(voice, texts, row_tokens, [pair.context for pair, _ in judged], tell)
    without = text_losses(voice, texts, row_tokens, tell=tell)
    reply = [number for number, (_, found) in enumerate(judged) for _ in found]  # whose reply each other context is for
    of_others = [context for _, found in judged for context in found]
    other = text_losses(voice, [texts[number] for number in reply], row_tokens, of_others, tell)
    return Replies(
        pairs=len(judged),
        with_context=right.per_byte,
        without_context=without.per_byte,
        with_another=other.per_byte,
        right_is_better=float(np.mean(right.nats[reply] < other.nats)),
    )


def _of_others(place: int, pairs: Sequence[Example], count: int) -> list[str]:
    """Up to `count` contexts of pairs that are far from the one at `place` and of other threads.

    In a thread, the next reply has this reply in its context.
    """
    own = {pairs[place].text, *pairs[place].context.split("\n")}
    far = [pairs[(place + len(pairs) // 2 + step) % len(pairs)] for step in range(len(pairs))]
    found = (one.context for one in far if own.isdisjoint([one.text, *one.context.split("\n")]))
    return list(islice(dict.fromkeys(found), count))

"""A byte n-gram language model, smoothed after Witten & Bell 1991: a neural model must be better than this.

p(w | h) = (c(h w) + t(h) p(w | h')) / (c(h) + t(h)), where h' is h without its first byte, and t(h) counts the
different bytes that were seen after h. At the end of the recursion all 256 bytes and
the end of the text are equally likely.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

END = 256
SYMBOLS = 257


class WittenBell:
    """Counts of all orders up to `order`; `order` bytes are predicted from `order - 1` before them."""

    def __init__(self, texts: Sequence[str], order: int):
        self.order = order
        self._following: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for text in texts:
            for history, symbol in _events(text, order):
                for start in range(len(history) + 1):
                    seen = self._following[history[start:]]
                    seen[symbol] = seen.get(symbol, 0) + 1

    def share(self, history: tuple[int, ...], symbol: int, order: int) -> float:
        """The probability of `symbol` after the last `order - 1` of `history`."""
        probability = 1 / SYMBOLS
        for length in range(min(len(history), order - 1) + 1):
            seen = self._following.get(history[len(history) - length :])
            if not seen:
                break
            probability = (seen.get(symbol, 0) + len(seen) * probability) / (sum(seen.values()) + len(seen))
        return probability

    def bits_per_byte(self, texts: Sequence[str], order: int) -> float:
        """Bits per UTF-8 byte of `texts`, including the end of each, by the n-grams of `order`."""
        bits = sum(
            -math.log2(self.share(history, symbol, order)) for text in texts for history, symbol in _events(text, order)
        )
        return bits / sum(len(text.encode()) for text in texts)


def _events(text: str, order: int) -> list[tuple[tuple[int, ...], int]]:
    """For each byte and the end of `text`: it, and at most `order - 1` bytes before it. The text begins with END."""
    framed = (END, *text.encode(), END)
    return [(framed[max(0, place - order + 1) : place], framed[place]) for place in range(1, len(framed))]

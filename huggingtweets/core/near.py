"""Names that are like one that nobody has: "did you mean ...?", asked in the same words wherever a name is typed.

Knows strings. Does not know whose names may be told to whom: it chooses among those it is given.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

from huggingtweets.core.names import comparable

LIKE_ENOUGH = 0.66  # of 1: "naza" and "nsaa" are 0.75 like "nasa", and "anm" is 0.67 like "ann"
SHORTEST = 3  # characters; what is shorter tells nothing
MOST = 3


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three of `known` that `name` may be a slip or a part of, the likest first."""
    wanted = comparable(name)
    likeness = {other: _likeness(wanted, other) for other in known if other != wanted}
    fitting = [other for other, share in likeness.items() if share >= LIKE_ENOUGH]
    return sorted(fitting, key=lambda other: (-likeness[other], other))[:MOST]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The question, or nothing when no name is near."""
    names = nearest(name, known)
    return f"Did you mean {' or '.join(names)}?" if names else ""


def _likeness(wanted: str, other: str) -> float:
    """0 to 1; a part of a name is as like it as a slip is, the more so the more of it there is."""
    if len(wanted) < SHORTEST:
        return 0.0
    if wanted in other:
        return LIKE_ENOUGH + (1 - LIKE_ENOUGH) * len(wanted) / len(other)
    return SequenceMatcher(None, wanted, other, autojunk=False).ratio()

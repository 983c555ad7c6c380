"""Names that are similar to an unknown name, and the question "did you mean ...?" in the same words everywhere.

Knows strings. Does not know who may see which names: it chooses among the names that it gets.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

from huggingtweets.core.people.names import comparable
from huggingtweets.core.text.phrases import Phrase

LIKE_ENOUGH = 0.66  # of 1. The likeness of "naza" or "nsaa" to "nasa" is 0.75, that of "anm" to "ann" 0.67
SHORTEST = 3  # characters; anything shorter is similar to too much
MOST = 3


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """At most three of `names` for which `name` may be a typing error or a part. The most similar comes first."""
    plain_name = comparable(name)
    likeness = {other: _likeness(plain_name, other) for other in names if other != plain_name}
    fitting = [other for other, share in likeness.items() if share >= LIKE_ENOUGH]
    return sorted(fitting, key=lambda other: (-likeness[other], other))[:MOST]


def did_you_mean(name: str, names: Iterable[str]) -> Phrase:
    """The question, or an empty string if no name is similar."""
    similar = nearest(name, names)
    return Phrase("Did you mean {similar:or}?", similar=similar) if similar else Phrase()


def _likeness(plain_name: str, other: str) -> float:
    """The likeness, 0 to 1. A part of a name counts like a typing error, and more the longer the part is."""
    if len(plain_name) < SHORTEST:
        return 0.0
    if plain_name in other:
        return LIKE_ENOUGH + (1 - LIKE_ENOUGH) * len(plain_name) / len(other)
    return SequenceMatcher(None, plain_name, other, autojunk=False).ratio()

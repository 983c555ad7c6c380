"""How a person likes to begin: openings that several of their tweets share, as suggestions for a start.

Knows texts. Does not know voices. An opening that fewer than `MIN_TWEETS` tweets have is nobody's habit, so it is not
shown.
"""

from collections import Counter
from collections.abc import Iterable

MIN_TWEETS = 4
MOST = 5
LENGTHS = (4, 3, 2)  # words
MAX_CHARACTERS = 40


def openings(texts: Iterable[str], most: int = MOST) -> list[str]:
    """The commonest openings, the commonest first. None is the beginning of another one."""
    counts: Counter[str] = Counter()
    for text in texts:
        words = text.split()
        for length in LENGTHS:
            opening = " ".join(words[:length])
            if len(words) > length and len(opening) <= MAX_CHARACTERS and _is_plain(words[:length]):
                counts[opening] += 1
    habits: list[str] = []
    # Of openings that are about as common, the longest says most.
    for opening, count in sorted(counts.items(), key=lambda item: (-item[1] * len(item[0].split()), item[0])):
        if count >= MIN_TWEETS and not any(_overlap(opening, other) for other in habits):
            habits.append(opening)
        if len(habits) == most:
            break
    return habits


def _is_plain(words: list[str]) -> bool:
    return not any(word.startswith(("@", "#", "\u200b", "http")) for word in words)


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)

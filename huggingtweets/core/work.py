"""The kinds of work that a training consists of, and how whoever does some of it says so.

Knows their names. Does not know how long any of them takes.
"""

from collections.abc import Callable
from typing import Literal

Work = Literal["loaded", "read", "learned", "drawn", "judged", "compared"]
"""Models that were loaded; tokens that a model of the base's size read, or learned; drafts; tokens that the judge read;
comparisons of texts."""

Did = Callable[[Work, int], None]
"""Called with a kind of work and how much of it was done since the last call."""


def nobody_counts(work: Work, amount: int) -> None:
    """Counts nothing."""

"""Ids for tweets that come without one, made from their date and text.

A tweet gets the same id each time its table is read. A tweet that stands in the table several times gets several ids.
Knows hashing. Does not know tables.
"""

import hashlib
import re
from collections import Counter
from datetime import datetime

_DERIVED = re.compile(r"[0-9a-f]{32}(?:\.\d+)?")  # borders inside a text split it into several tweets


class DerivedIds:
    """The ids of one table's tweets."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[datetime | None, str]] = Counter()

    def next(self, created_at: datetime | None, text: str) -> str:
        """The id of the next tweet of the table."""
        self._seen[created_at, text] += 1
        facts = f"{created_at.isoformat() if created_at else ''}\n{text}\n{self._seen[created_at, text]}"
        return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_derived(id_: str) -> bool:
    """Returns True if the id was made here. Sites give numbers or addresses."""
    return _DERIVED.fullmatch(id_) is not None

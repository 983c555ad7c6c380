"""Which of several people in a source is meant by a name: `ann_keeper`, `annkeeper` and `ann` mean Ann Keeper.

Knows names as people write them. Does not know sources.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from huggingtweets.core.errors import SeveralPeople
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.files import shown

_NAMED = 5  # people in a refusal


def meant(names: Iterable[str], people: Iterable[str]) -> str:
    """The one of `people` who is called one of `names`, whole or by the first name.

    Empty if nobody is, or if several are: in doubt nobody is learned.
    """
    everybody = list(people)
    wanted = {plain for name in names if (plain := _plain(name))}
    for form in (_plain, _first_name):
        called = [person for person in everybody if form(person) in wanted]
        if called:
            return called[0] if len(called) == 1 else ""
    return ""


def several(path: Path, counted: Sequence[tuple[str, int]]) -> SeveralPeople:
    """The refusal of a source by several people, of whom one can be named."""
    mend = Phrase("give each person's tweets in a file of their own, or name the voice after the one person to learn")
    return SeveralPeople(path, by_several(counted), mend, counted)


def by_several(counted: Sequence[tuple[str, int]]) -> Phrase:
    """Says that a source is by several people, and lists them with the number of their posts."""
    people: list[str] = [f"{shown(name, 30)} ({count:,})" for name, count in counted[:_NAMED]]
    rest = len(counted) - len(people)
    if rest:
        people.append(Phrase("{count:,} more", count=rest))
    return Phrase("it is by several people: {people:and}", people=people)


def _plain(name: str) -> str:
    """The letters and digits of a name, in lower case and without accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in parts if character.isalnum())


def _first_name(name: str) -> str:
    return next((plain for word in name.split() if (plain := _plain(word))), "")

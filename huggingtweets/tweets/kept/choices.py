"""What somebody has decided about tweets before they are learned: which ones not, which ones all the same.

Knows ids of tweets. Does not know who decides, or what is learned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from huggingtweets.core.records import JSON


@dataclass(frozen=True, slots=True)
class Choices:
    """`struck` are the ids of tweets that are not learned. `kept` are learned though they are short, or retweets.

    `hide_contacts` takes e-mail addresses and telephone numbers out of all tweets.
    """

    struck: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    hide_contacts: bool = False

    def __bool__(self) -> bool:
        """Returns True if anything was decided."""
        return bool(self.struck or self.kept or self.hide_contacts)

    def strike(self, id_: str) -> Self:
        """The choices with one more tweet that is not learned."""
        return type(self)(self.struck | {id_}, self.kept - {id_}, self.hide_contacts)

    def keep(self, id_: str) -> Self:
        """The choices with one more tweet that is learned all the same."""
        return type(self)(self.struck - {id_}, self.kept | {id_}, self.hide_contacts)

    def leave(self, id_: str) -> Self:
        """The choices without one about this tweet."""
        return type(self)(self.struck - {id_}, self.kept - {id_}, self.hide_contacts)

    @classmethod
    def together(cls, several: Iterable["Choices"]) -> "Choices":
        """The choices about the tweets of several people. Contacts are hidden if anybody's are."""
        several = list(several)
        return cls(
            frozenset[str]().union(*(choices.struck for choices in several)),
            frozenset[str]().union(*(choices.kept for choices in several)),
            any(choices.hide_contacts for choices in several),
        )

    def as_json(self) -> JSON:
        return {"struck": sorted(self.struck), "kept": sorted(self.kept), "hide_contacts": self.hide_contacts}

    @classmethod
    def from_json(cls, row: JSON) -> "Choices":
        return cls(frozenset(row["struck"]), frozenset(row["kept"]), bool(row["hide_contacts"]))


NO_CHOICES = Choices()

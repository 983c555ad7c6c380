"""Where the bot answers, and whom: the lists of what is allowed and denied, the owner's and those of each server.

A denial wins over everything. If a list allows anything of a kind, only what it allows of this kind is let in. The
kinds are servers, channels (with their categories and the parents of threads) and people (with their roles).

Knows subjects such as `discord:channel:2` as opaque ids. Does not know platforms, or who may change the lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.errors import KeptOut
from bot.store.settings import StoredSettings
from huggingtweets.core.text.phrases import Phrase

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Where:
    """Where somebody asks, and who it is: the channel with all above it, the person with their roles."""

    server: str = ""
    places: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def objection(rules: Mapping[str, bool], where: Where) -> str:
    """A sentence that says why somebody is not let in. Empty if they are."""
    kinds = (
        ([where.server] if where.server else [], Phrase("I do not work on this server."), ":server:"),
        (where.places, Phrase("I do not answer in this channel."), ":channel:"),
        (where.people, Phrase("I do not answer you here."), (":role:", ":user:")),
    )
    for subjects, sentence, marks in kinds:
        if any(rules.get(subject) is False for subject in subjects):
            return sentence
        listed = _allowed(rules, (marks,) if isinstance(marks, str) else marks)
        if subjects and listed and not any(subject in listed for subject in subjects):
            return sentence
    return ""


def _allowed(rules: Mapping[str, bool], marks: Iterable[str]) -> set[str]:
    return {subject for subject, allowed in rules.items() if allowed and any(mark in subject for mark in marks)}


class Access:
    """Reads the lists as they are now."""

    def __init__(self, settings: StoredSettings):
        self._settings = settings

    async def refuse(self, where: Where) -> None:
        """Raises `KeptOut` if the lists of the owner or of the server keep somebody out."""
        scopes = [GLOBAL, *([where.server] if where.server else [])]
        for rules in (await self._settings.rules(scopes)).values():
            if sentence := objection(rules, where):
                raise KeptOut(sentence)

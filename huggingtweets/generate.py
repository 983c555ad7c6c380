"""Tweets of a voice: more drafts than asked, each one checked, drawn again until there are enough.

Knows the engine and the checks. Does not know platforms, people's limits or who may ask.
"""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huggingtweets.blend import Voice, parts_of
from huggingtweets.checks import Check, Copy, Leftover, Length, defused, first_objection
from huggingtweets.copies import normalised
from huggingtweets.dataset import Dataset
from huggingtweets.engine import Engine, Request
from huggingtweets.errors import NotEnoughDrafts, Usage
from huggingtweets.registry import Version

if TYPE_CHECKING:
    from huggingtweets.engine.decode import Draft

MAX_COUNT = 50
MAX_PROMPT_CHARACTERS = 10_000
SPARE_DRAFTS = 2  # drawn beyond what is missing: a row more costs less than a round more


@dataclass(frozen=True, slots=True)
class Tweets:
    """What was drawn: `texts` pass every check and ping nobody; the same `seed` gives the same again."""

    texts: tuple[str, ...]
    name: str
    version: str
    seed: int


class Writer:
    """Draws tweets of versions; keeps the copy check of the versions it has seen."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._copy_checks: dict[tuple[str, str, str], Copy] = {}

    async def write(
        self, voice: Voice, prompt: str = "", count: int = 1, seed: int | None = None, *, person: str = ""
    ) -> Tweets:
        """`count` different tweets of `voice` that begin with `prompt`; `person` is who asks, so that it is fair.

        Fewer than `count` only if `max_rounds` rounds did not give more; raises `NotEnoughDrafts` when there is none,
        `Usage` for a count or prompt out of bounds, and what `Engine.draw` raises.
        """
        if not 1 <= count <= MAX_COUNT:
            raise Usage(f"{count} tweets at once is not possible: ask for 1 to {MAX_COUNT}.")
        prompt = " ".join(prompt[-MAX_PROMPT_CHARACTERS:].split())
        seed = secrets.randbits(32) if seed is None else seed
        checks: tuple[Check, ...] = (Leftover(), Length(), *await asyncio.to_thread(self._copy_checks_of, voice))
        passed: dict[str, str] = {}
        refused: Counter[str] = Counter()
        for number in range(self._engine.settings.max_rounds):
            missing = count - len(passed)
            if missing <= 0:
                break
            request = Request(voice, prompt, missing + SPARE_DRAFTS, seed + number, person)
            for draft in await self._engine.draw(request):
                text = as_tweet(draft.text)
                objection = first_objection(checks, text) or _objection(draft, text, prompt)
                if objection:
                    refused[objection] += 1
                else:
                    passed.setdefault(normalised(text), text)
        if not passed:
            raise NotEnoughDrafts(voice.name, refused)
        return Tweets(tuple(passed.values())[:count], voice.name, voice.version, seed)

    def _copy_checks_of(self, voice: Voice) -> list[Copy]:
        """Against the texts of everybody whose voice it is."""
        return [self._copy_check(version) for _, version in parts_of(voice)]

    def forget(self, name: str) -> None:
        """Let go of the texts of `name`, which is no more."""
        for known in [key for key in self._copy_checks if key[0] == name]:
            del self._copy_checks[known]

    def _copy_check(self, version: Version) -> Copy:
        key = version.key
        if key not in self._copy_checks:
            for older in [known for known in self._copy_checks if known[0] == version.name]:
                del self._copy_checks[older]
            self._copy_checks[key] = Copy(Dataset.load(version.dataset).texts)
        return self._copy_checks[key]


def _objection(draft: "Draft", text: str, prompt: str) -> str | None:
    """Why a draft is no tweet although its text may stand: the model ran out of tokens, or added nothing."""
    if not draft.ended:
        return "unfinished"
    return "empty" if normalised(text) == normalised(prompt) else None


def as_tweet(draft: str) -> str:
    """The draft's first line, pinging nobody. Data sets hold no line breaks, so one is the model losing its way."""
    first_line = draft.strip().split("\n", 1)[0]
    return defused(" ".join(first_line.split()))

"""Tweets of a voice: more drafts are drawn than asked for, each is checked, and more are drawn until there are enough.

Knows the engine and the checks. Does not know platforms, people's limits or who may ask.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huggingtweets.core.errors import NotEnoughDrafts, Usage
from huggingtweets.core.names import BlendName, VoiceName
from huggingtweets.core.visible import typed
from huggingtweets.generation.checks import (
    Check,
    CopyCheck,
    LeftoverCheck,
    LengthCheck,
    LinkCheck,
    defused,
    first_objection,
)
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice
from huggingtweets.registry.blend import parts_of
from huggingtweets.registry.versions import Version
from huggingtweets.tweets.copies import normalised
from huggingtweets.tweets.dataset import Dataset

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

MAX_COUNT = 50
MAX_PROMPT_CHARACTERS = 10_000
SPARE_DRAFTS = 2  # drawn beyond what is missing, because one more row costs less than one more round


@dataclass(frozen=True, slots=True)
class Tweets:
    """What was drawn. The `texts` pass every check and ping nobody. The same `seed` gives the same texts again.

    `wanted` is how many were asked for.
    """

    texts: tuple[str, ...]
    name: BlendName
    version: str
    seed: int
    wanted: int = 0

    @property
    def shortfall(self) -> str:
        """A sentence about the tweets that are missing; empty if none is."""
        if len(self.texts) >= self.wanted:
            return ""
        return (
            f"Only {len(self.texts)} of {self.wanted} this time: my other drafts broke off, or were too much like each "
            "other or like real tweets. Ask again, or give me another start."
        )


class Sieve:
    """Lets `count` tweets through. Their texts differ, begin with `prompt`, have ended, and pass every check.

    `copy_checks` hold the person's own texts, which no tweet may repeat.
    """

    def __init__(self, copy_checks: Sequence[CopyCheck], prompt: str = "", count: int = MAX_COUNT):
        self._checks: tuple[Check, ...] = (LeftoverCheck(), LengthCheck(), LinkCheck(prompt), *copy_checks)
        self._empty = normalised(prompt)
        self._count = count
        self._passed: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    @property
    def missing(self) -> int:
        """How many tweets are still missing."""
        return max(0, self._count - len(self._passed))

    @property
    def texts(self) -> tuple[str, ...]:
        """The tweets that came through, at most as many as wanted."""
        return tuple(self._passed.values())[: self._count]

    def offer(self, draft: "Draft") -> None:
        """Take the draft, or count the reason why not."""
        text = as_tweet(draft.text)
        if objection := first_objection(self._checks, text) or self._objection(draft, text):
            self.refused[objection] += 1
        else:
            self._passed.setdefault(normalised(text), text)

    def _objection(self, draft: "Draft", text: str) -> str | None:
        """Why a draft with a good text is refused: the model ran out of tokens, or added nothing to the prompt."""
        if not draft.ended:
            return "unfinished"
        return "empty" if normalised(text) == self._empty else None


def asked_for(prompt: str, count: int) -> str:
    """`prompt` as people see it, on one line and not too long. Raises `Usage` for a count out of bounds."""
    if not 1 <= count <= MAX_COUNT:
        raise Usage(f"{count} tweets at once is not possible: ask for 1 to {MAX_COUNT}.")
    return typed(prompt[-MAX_PROMPT_CHARACTERS:])


class Writer:
    """Draws tweets of versions; keeps the copy check of the versions it has seen."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._copy_checks: dict[tuple[VoiceName, str, str], CopyCheck] = {}

    async def write(
        self, voice: Drawable, prompt: str = "", count: int = 1, seed: int | None = None, *, person: str = ""
    ) -> Tweets:
        """`count` different tweets of `voice` that begin with `prompt`. `person` is who asks, for fairness.

        There are fewer only if `max_rounds` rounds gave no more. Raises `NotEnoughDrafts` if there is none, `Usage` for
        a count out of bounds, and what `Engine.draw` raises.
        """
        prompt = asked_for(prompt, count)
        seed = secrets.randbits(32) if seed is None else seed
        sieve = Sieve(await asyncio.to_thread(self._copy_checks_of, voice), prompt, count)
        for number in range(self._engine.settings.max_rounds):
            if not sieve.missing:
                break
            request = Request(voice, prompt, sieve.missing + SPARE_DRAFTS, seed + number, person)
            for draft in await self._engine.draw(request):
                sieve.offer(draft)
        if not sieve.texts:
            raise NotEnoughDrafts(voice.name, sieve.refused)
        return Tweets(sieve.texts, voice.name, voice.version, seed, count)

    def _copy_checks_of(self, voice: Drawable) -> list[CopyCheck]:
        """The checks against the texts of everybody whose voice it is."""
        if isinstance(voice, PreviewVoice):
            return [CopyCheck(voice.texts)]
        return [self._copy_check(version) for _, version in parts_of(voice)]

    def forget(self, name: str) -> None:
        """Drop the texts and weights of `name`, which was deleted, and of joint models and blends with it."""
        for key in [key for key in list(self._copy_checks) if name in key[0].people]:
            self._copy_checks.pop(key, None)
        self._engine.forget(name)

    def _copy_check(self, version: Version) -> CopyCheck:
        key = version.key
        if key not in self._copy_checks:
            for older in [other for other in self._copy_checks if other[0] == version.name]:
                del self._copy_checks[older]
            self._copy_checks[key] = CopyCheck(Dataset.load(version.dataset).texts)
        return self._copy_checks[key]


def as_tweet(draft: str) -> str:
    """The first line of the draft, made so that it pings nobody and links to nothing.

    Data sets hold no line breaks, so what comes after one is nonsense of the model.
    """
    first_line = draft.strip().split("\n", 1)[0]
    return defused(" ".join(first_line.split()))

"""Tweets of a voice: many drafts are drawn, each is checked, and some of the most real ones that pass are answered.

More are drawn until there are enough. Knows the engine, the checks and the selection. Does not know platforms, people's
limits or who may ask.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huggingtweets.core.errors import NotEnoughDrafts, NotNow, Usage
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
from huggingtweets.generation.discriminator import Discriminator
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice
from huggingtweets.generation.selection import Pace, selected
from huggingtweets.registry.blend import parts_of
from huggingtweets.registry.versions import Version
from huggingtweets.tweets.copies import ZERO_WIDTH_SPACE, normalised
from huggingtweets.tweets.dataset import Dataset

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

MAX_COUNT = 50
MAX_PROMPT_CHARACTERS = 10_000
SPARE_DRAFTS = 2  # drawn beyond what is missing, because one more row costs less than one more round


@dataclass(frozen=True, slots=True)
class Tweets:
    """What was drawn. The `texts` pass every check and ping nobody. `wanted` is how many were asked for.

    The same `seed` gives the same texts again, unless there was no time to draw all candidates.
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

    `more_checks` are those for the person's own texts, which no tweet may repeat, and for words that nobody wants.
    """

    def __init__(self, more_checks: Sequence[Check], prompt: str = "", count: int = MAX_COUNT):
        self._checks: tuple[Check, ...] = (LeftoverCheck(), LengthCheck(), LinkCheck(prompt), *more_checks)
        self._empty = normalised(prompt)
        self._count = count
        self._passed: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    @property
    def missing(self) -> int:
        """How many tweets are still missing."""
        return max(0, self._count - len(self._passed))

    @property
    def candidates(self) -> tuple[str, ...]:
        """All tweets that came through, also if they are more than wanted."""
        return tuple(self._passed.values())

    @property
    def texts(self) -> tuple[str, ...]:
        """The first tweets that came through, at most as many as wanted."""
        return self.candidates[: self._count]

    def offer_all(self, drafts: "Sequence[Draft]") -> None:
        """Offer `drafts` in their order."""
        for draft in drafts:
            self.offer(draft)

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


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What is known of a version besides its weights: the texts it must not repeat, and what tells it from them."""

    copy_check: CopyCheck
    discriminator: Discriminator | None = None


class Writer:
    """Draws tweets of versions. It keeps the copy check and the discriminator of the versions it has seen.

    `unwanted` are the checks for words that no tweet may have, whoever asks.
    """

    def __init__(self, engine: Engine, unwanted: Sequence[Check] = ()):
        self._engine = engine
        self.unwanted = tuple(unwanted)
        self._pace = Pace(engine.settings.candidate_seconds)
        self._knowledge: dict[tuple[VoiceName, str, str], _Knowledge] = {}

    async def write(
        self,
        voice: Drawable,
        prompt: str = "",
        count: int = 1,
        seed: int | None = None,
        *,
        person: str = "",
        context: str = "",
        unwanted: Sequence[Check] = (),
    ) -> Tweets:
        """`count` different tweets of `voice` that begin with `prompt`. `person` is who asks, for fairness.

        They answer `context`, and none repeats a line of it. A draft that one of the checks in `unwanted` refuses, or
        one of the writer's own, is replaced by another one.

        There are fewer only if `max_rounds` rounds gave no more. With a `seed`, all the candidates of the settings are
        drawn, however long that takes. Raises `NotEnoughDrafts` if there is none, `Usage` for a count out of bounds or
        a prompt with an unwanted word, and what `Engine.draw` raises.
        """
        prompt = asked_for(prompt, count)
        unwanted = (*self.unwanted, *unwanted)
        if first_objection(unwanted, prompt):
            raise Usage("Your start has a word that I do not write here; begin in another way.")
        knowledge = await asyncio.to_thread(self._knowledge_of, voice)
        said = [CopyCheck(context.splitlines())] if context else []
        sieve = Sieve([*(part.copy_check for _, part in knowledge), *said, *unwanted], prompt, count)
        judges = _judges(knowledge) if self._engine.settings.candidates > 1 else []
        rows = count + SPARE_DRAFTS
        if judges:
            rows = max(rows, self._candidates(voice, count, limited=seed is None))
        seed = secrets.randbits(32) if seed is None else seed
        for number in range(self._engine.settings.max_rounds):
            if not sieve.missing:
                break
            drafts = await self._drafts(Request(voice, prompt, rows, seed + number, person, context))
            await asyncio.to_thread(sieve.offer_all, drafts)
            rows = sieve.missing + SPARE_DRAFTS
        if not sieve.texts:
            raise NotEnoughDrafts(voice.name, sieve.refused)
        texts = await asyncio.to_thread(_most_real, sieve.candidates, judges, count, seed)
        return Tweets(texts, voice.name, voice.version, seed, count)

    async def _drafts(self, request: Request) -> "list[Draft]":
        """The drafts of `request`. How long it takes is noted, also if it takes too long."""
        started = time.monotonic()

        def note() -> None:
            self._pace.note(_base_of(request.voice), request.count, time.monotonic() - started)

        try:
            drafts = await self._engine.draw(request)
        except NotNow:
            note()
            raise
        note()
        return drafts

    def _candidates(self, voice: Drawable, count: int, *, limited: bool) -> int:
        """How many drafts to draw for `count` tweets. `limited` says that others and the time matter."""
        settings = self._engine.settings
        wanted = count * settings.candidates
        if not limited:
            return wanted
        shared = settings.max_rows // (1 + self._engine.waiting)
        return min(wanted, shared, self._pace.drafts(_base_of(voice), wanted))

    def _knowledge_of(self, voice: Drawable) -> list[tuple[float, _Knowledge]]:
        """What is known of everybody whose voice it is, with the weight of their part."""
        if isinstance(voice, PreviewVoice):
            return [(1.0, _Knowledge(CopyCheck(voice.texts)))]
        return [(weight, self._of_version(version)) for weight, version in parts_of(voice)]

    def forget(self, name: str) -> None:
        """Drop the texts and weights of `name`, which was deleted, and of joint models and blends with it."""
        for key in [key for key in list(self._knowledge) if name in key[0].people]:
            self._knowledge.pop(key, None)
        self._engine.forget(name)

    def _of_version(self, version: Version) -> _Knowledge:
        key = version.key
        if key not in self._knowledge:
            for older in [other for other in self._knowledge if other[0] == version.name]:
                del self._knowledge[older]
            copy_check = CopyCheck(Dataset.load(version.dataset).texts)
            self._knowledge[key] = _Knowledge(copy_check, Discriminator.read(version.discriminator))
        return self._knowledge[key]


def _base_of(voice: Drawable) -> str:
    """What the pace of `voice` depends on."""
    return voice.base if isinstance(voice, PreviewVoice) else parts_of(voice)[0][1].base


def _judges(knowledge: Sequence[tuple[float, _Knowledge]]) -> list[tuple[float, Discriminator]]:
    """The discriminators of all parts, with weights whose sum is 1. Empty if a part has none."""
    total = sum(abs(weight) for weight, _ in knowledge) or 1.0
    judges = [(abs(weight) / total, part.discriminator) for weight, part in knowledge if part.discriminator]
    return judges if len(judges) == len(knowledge) else []


def _most_real(
    candidates: Sequence[str], judges: Sequence[tuple[float, Discriminator]], count: int, seed: int
) -> tuple[str, ...]:
    """`count` of the candidates. Without a judge they are the first ones."""
    if not judges or len(candidates) <= count:
        return tuple(candidates[:count])
    # The blanks that defuse a tweet are in no tweet of the person.
    texts = [text.replace(ZERO_WIDTH_SPACE, "") for text in candidates]
    log_odds = sum(weight * judge.log_odds(texts) for weight, judge in judges)
    return tuple(candidates[place] for place in selected(np.asarray(log_odds), count, seed))


def as_tweet(draft: str) -> str:
    """The first line of the draft, made so that it pings nobody and links to nothing.

    Data sets hold no line breaks, so what comes after one is nonsense of the model.
    """
    first_line = draft.strip().split("\n", 1)[0]
    return defused(" ".join(first_line.split()))

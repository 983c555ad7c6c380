"""Tweets of a voice: many drafts are drawn, each is checked, and some of the most real ones that pass are answered.

More are drawn until there are enough. Knows the engine, the checks and the selection. Does not know platforms, people's
limits or who may ask.
"""

import asyncio
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from huggingtweets.core.errors import NotEnoughDrafts, NotNow, Usage
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.checks import (
    Check,
    CopyCheck,
    LeftoverCheck,
    LengthCheck,
    LinkCheck,
    defused,
    first_objection,
    without_meaningless,
)
from huggingtweets.generation.discriminator import Discriminator
from huggingtweets.generation.drafter import Drafter
from huggingtweets.generation.drawing_options import AS_USUAL, MAX_SEED, DrawingOptions, before_a_stop, of_length
from huggingtweets.generation.engine import Request
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice
from huggingtweets.generation.selection import Pace, selected
from huggingtweets.registry.blend import parts_of
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE, normalised

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

MAX_COUNT = 50
MAX_PROMPT_CHARACTERS = 10_000
SPARE_DRAFTS = 2  # drawn beyond what is missing, because one more row costs less than one more round
ROUNDS_FOR_LENGTH = 2  # after so many rounds, tweets of another length than wanted fill up
ANY_LENGTH = of_length("usual", 0, "")
BROKEN = "\ufffd"  # stands for the bytes of half a character
Liked = Callable[[Sequence[str]], Sequence[float]]  # texts -> how much people like each, as log-odds


@dataclass(frozen=True, slots=True)
class Written:
    """A text that passed. `tokens` were drawn for it. `is_cut` is True if no more of them were wanted.

    `bits_per_byte` is how unlikely its voice finds it, if that is known.
    """

    text: str
    tokens: int = 0
    is_cut: bool = False
    bits_per_byte: float | None = None


@dataclass(frozen=True, slots=True)
class Tweets:
    """What was drawn. The `texts` pass every check and ping nobody. `wanted` is how many were asked for.

    The same `seed` gives the same texts again, unless there was no time to draw all candidates. `DrawingOptions` says
    when it does not. `written` are the texts with what is known of each. The prompt and the context have `read` tokens.
    """

    texts: tuple[str, ...]
    name: BlendName
    version: str
    seed: int
    wanted: int = 0
    written: tuple[Written, ...] = ()
    read: int = 0

    @property
    def shortfall(self) -> Phrase:
        """A sentence about the tweets that are missing; empty if none is."""
        if len(self.texts) >= self.wanted:
            return Phrase()
        return Phrase(
            "Only {count} of {wanted} this time: my other drafts broke off, or were too much like each "
            "other or like real tweets. Ask again, or give me another start.",
            count=len(self.texts),
            wanted=self.wanted,
        )


class Sieve:
    """Lets `count` tweets through. Their texts differ, begin with `prompt`, have ended, and pass every check.

    `more_checks` are those for the person's own texts, which no tweet may repeat, and for words that nobody wants.
    A tweet with another number of characters than one of `lengths` is spare. Texts end before one of `stops`. With
    `may_be_cut` they need not have ended.
    """

    def __init__(
        self,
        more_checks: Sequence[Check],
        prompt: str = "",
        count: int = MAX_COUNT,
        lengths: range = ANY_LENGTH,
        *,
        stops: tuple[str, ...] = (),
        may_be_cut: bool = False,
    ):
        self._checks: tuple[Check, ...] = (LeftoverCheck(), LengthCheck(), LinkCheck(prompt), *more_checks)
        self._empty = normalised(prompt)
        self._count = count
        self._lengths = lengths
        self._begin, self._stops, self._may_be_cut = len(prompt), stops, may_be_cut
        self._passed: dict[str, Written] = {}
        self.read = 0
        self.refused: Counter[str] = Counter()

    @property
    def missing(self) -> int:
        """How many tweets are still missing."""
        return max(0, self._count - len(self.candidates))

    @property
    def missing_of_any_length(self) -> int:
        """How many would be missing if the spare ones counted."""
        return max(0, self._count - len(self._passed))

    @property
    def candidates(self) -> tuple[Written, ...]:
        """All tweets of the right length that came through, also if they are more than wanted."""
        return tuple(one for one in self._passed.values() if len(one.text) in self._lengths)

    @property
    def spare(self) -> tuple[Written, ...]:
        """The tweets of another length. Those that are least far off come first."""
        others = [one for one in self._passed.values() if len(one.text) not in self._lengths]
        return tuple(sorted(others, key=self._distance))

    def _distance(self, written: Written) -> int:
        return min(abs(len(written.text) - end) for end in (self._lengths[0], self._lengths[-1]))

    @property
    def texts(self) -> tuple[str, ...]:
        """The first tweets that came through, at most as many as wanted."""
        return tuple(one.text for one in self.candidates[: self._count])

    def offer_all(self, drafts: "Sequence[Draft]") -> None:
        """Offer `drafts` in their order."""
        for draft in drafts:
            self.offer(draft)

    def offer(self, draft: "Draft") -> None:
        """Take the draft, or count the reason why not."""
        self.read = draft.read
        whole = before_a_stop(draft.text, self._begin, self._stops)
        has_ended = draft.ended or len(whole) < len(draft.text)
        text = as_tweet(whole if has_ended else whole.rstrip(BROKEN))
        if objection := first_objection(self._checks, text) or self._objection(text, has_ended=has_ended):
            self.refused[objection] += 1
        else:
            self._passed.setdefault(normalised(text), Written(text, draft.drawn, not has_ended, draft.bits_per_byte))

    def _objection(self, text: str, *, has_ended: bool) -> str | None:
        """Why a draft with a good text is refused: the model ran out of tokens, or added nothing to the prompt."""
        if not has_ended and not self._may_be_cut:
            return Phrase("unfinished")
        return Phrase("empty") if normalised(text) == self._empty else None


def asked_for(prompt: str, count: int) -> str:
    """`prompt` as people see it, on one line and not too long. Raises `Usage` for a count out of bounds."""
    if not 1 <= count <= MAX_COUNT:
        raise Usage(Phrase("{count} tweets at once is not possible: ask for 1 to {most}.", count=count, most=MAX_COUNT))
    return typed(without_meaningless(prompt[-MAX_PROMPT_CHARACTERS:]))


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What is known of a version besides its weights: the texts it must not repeat, and what tells it from them."""

    copy_check: CopyCheck
    characters: float = 0.0  # of a typical text
    discriminator: Discriminator | None = None

    @classmethod
    def of(cls, texts: Sequence[str], discriminator: Discriminator | None = None) -> "_Knowledge":
        return cls(CopyCheck(texts), statistics.median(map(len, texts)) if texts else 0.0, discriminator)


class Writer:
    """Draws tweets of versions. It keeps the copy check and the discriminator of the versions it has seen.

    `unwanted` are the checks for words that no tweet may have, whoever asks.
    """

    def __init__(self, engine: Drafter, unwanted: Sequence[Check] = ()):
        self._engine = engine
        self.unwanted = list(unwanted)
        self._pace = Pace(engine.settings.candidate_seconds)
        self._knowledge: dict[tuple[VoiceName, str, str], _Knowledge] = {}

    async def write(
        self,
        voice: Drawable,
        prompt: str = "",
        count: int = 1,
        options: DrawingOptions = AS_USUAL,
        *,
        person: str = "",
        context: str = "",
        unwanted: Sequence[Check] = (),
        liked: Liked | None = None,
    ) -> Tweets:
        """`count` different tweets of `voice` that begin with `prompt`. `person` is who asks, for fairness.

        They answer `context`, and none repeats a line of it. A draft that one of the checks in `unwanted` refuses, or
        one of the writer's own, is replaced by another one. Those that are `liked` more are likelier to be answered.

        There are fewer only if `max_rounds` rounds gave no more. With a seed in `options`, all the candidates of the
        settings are drawn, however long that takes. Raises `NotEnoughDrafts` if there is none, `Usage` for a count out
        of bounds or a prompt with an unwanted word, and what `Drafter.draw` raises.
        """
        prompt = asked_for(prompt, count)
        unwanted = (*self.unwanted, *unwanted)
        if first_objection(unwanted, prompt):
            raise Usage(Phrase("Your start has a word that I do not write here; begin in another way."))
        knowledge = self._at_hand(voice) or await asyncio.to_thread(self._knowledge_of, voice)
        sieve = self._sieve(knowledge, prompt, count, options, context, unwanted)
        judges = _judges(knowledge) if self._engine.settings.candidates > 1 else []
        seed = secrets.randbelow(MAX_SEED + 1) if options.seed is None else options.seed
        request = Request(
            voice,
            prompt,
            self._first_rows(voice, count, options, selects=bool(judges or liked)),
            seed,
            person,
            context,
            options.temperature,
            options.top_p,
            options.max_tokens,
        )
        await self._fill(sieve, request)
        written = sieve.candidates
        if len(written) > count and (judges or liked):
            written = await asyncio.to_thread(_best, written, judges, liked, count, seed)
        written = written[:count]
        written += sieve.spare[: count - len(written)]
        if not written:
            raise NotEnoughDrafts(voice.name, sieve.refused)
        texts = tuple(one.text for one in written)
        return Tweets(texts, voice.name, voice.version, seed, count, written, sieve.read)

    def _sieve(
        self,
        knowledge: "Sequence[tuple[float, _Knowledge]]",
        prompt: str,
        count: int,
        options: DrawingOptions,
        context: str,
        unwanted: Sequence[Check],
    ) -> Sieve:
        """What lets tweets of a voice through: none that repeats its people's texts, or what is answered."""
        said = [CopyCheck(context.splitlines())] if context else []
        longest = self._engine.settings.max_new_tokens
        return Sieve(
            [*(part.copy_check for _, part in knowledge), *said, *unwanted],
            prompt,
            count,
            of_length(options.length, _typical(knowledge), prompt),
            stops=options.stops,
            may_be_cut=(options.max_tokens or longest) < longest,
        )

    def _first_rows(self, voice: Drawable, count: int, options: DrawingOptions, *, selects: bool) -> int:
        """How many drafts the first round draws. With `selects`, the most real ones of many are answered."""
        rows = count + SPARE_DRAFTS
        if selects:
            rows = max(rows, self._candidates(voice, count, limited=options.seed is None))
        if options.length != "usual":
            rows = min(2 * rows, max(rows, self._engine.settings.max_rows))  # half of the drafts are of that length
        return rows

    async def _fill(self, sieve: Sieve, request: Request) -> None:
        """Draw rounds of drafts until the sieve has enough, or the settings allow no more. Each has the next seed."""
        for number in range(self._engine.settings.max_rounds):
            if not (sieve.missing if number < ROUNDS_FOR_LENGTH else sieve.missing_of_any_length):
                return
            drafts = await self._drafts(replace(request, seed=request.seed + number))
            await asyncio.to_thread(sieve.offer_all, drafts)
            request = replace(request, count=sieve.missing + SPARE_DRAFTS)

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

    def _at_hand(self, voice: Drawable) -> list[tuple[float, _Knowledge]]:
        """The same as `_knowledge_of`, if all of it is in memory; empty if not."""
        parts = [] if isinstance(voice, PreviewVoice) else parts_of(voice)
        known = [(weight, self._knowledge.get(version.key)) for weight, version in parts]
        at_hand = [(weight, one) for weight, one in known if one]
        return at_hand if len(at_hand) == len(known) else []

    def _knowledge_of(self, voice: Drawable) -> list[tuple[float, _Knowledge]]:
        """What is known of everybody whose voice it is, with the weight of their part."""
        if isinstance(voice, PreviewVoice):
            return [(1.0, _Knowledge.of(voice.texts))]
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
            discriminator = Discriminator.read(version.discriminator)
            self._knowledge[key] = _Knowledge.of(Dataset.load(version.dataset).texts, discriminator)
        return self._knowledge[key]


def _base_of(voice: Drawable) -> str:
    """What the pace of `voice` depends on."""
    return voice.base if isinstance(voice, PreviewVoice) else parts_of(voice)[0][1].base


def _typical(knowledge: Sequence[tuple[float, _Knowledge]]) -> float:
    """How many characters a typical text of all parts has. A part with more weight counts more."""
    total = sum(abs(weight) for weight, _ in knowledge) or 1.0
    return sum(abs(weight) * part.characters for weight, part in knowledge) / total


def _judges(knowledge: Sequence[tuple[float, _Knowledge]]) -> list[tuple[float, Discriminator]]:
    """The discriminators of all parts, with weights whose sum is 1. Empty if a part has none."""
    total = sum(abs(weight) for weight, _ in knowledge) or 1.0
    judges = [(abs(weight) / total, part.discriminator) for weight, part in knowledge if part.discriminator]
    return judges if len(judges) == len(knowledge) else []


def _best(
    candidates: Sequence[Written],
    judges: Sequence[tuple[float, Discriminator]],
    liked: Liked | None,
    count: int,
    seed: int,
) -> tuple[Written, ...]:
    """`count` of the candidates, by how real they look and how much they are liked."""
    # The blanks that defuse a tweet are in no tweet of the person.
    texts = [one.text.replace(ZERO_WIDTH_SPACE, "") for one in candidates]
    log_odds = np.array(liked(texts) if liked else [0.0] * len(texts))
    bits = [one.bits_per_byte for one in candidates]
    for weight, judge in judges:
        log_odds += weight * judge.log_odds(texts, bits)
    return tuple(candidates[place] for place in selected(log_odds, count, seed))


def as_tweet(draft: str) -> str:
    """The first line of the draft, made so that it pings nobody and links to nothing.

    Data sets hold no line breaks, so what comes after one is nonsense of the model.
    """
    first_line = draft.strip().split("\n", 1)[0]
    return defused(" ".join(first_line.split()))

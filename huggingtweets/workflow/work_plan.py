"""How far a training is as a whole, and how long the rest takes.

A training consists of parts. Each part is an amount of one kind of work in one stage. How many seconds it takes was
measured on one machine. Their shares of the whole make the percentage. The time that is left comes from the pace of
this machine, which is measured while the training runs.

Knows amounts of work and the clock. Does not know how any work is done, or who is told.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from huggingtweets.core.events import STAGES
from huggingtweets.core.work import Work
from huggingtweets.model.prepared_bases import STAGE as BASE

HALF_LIFE_SECONDS = 30.0  # by then what was measured counts half, because a machine may become slower or faster
LEAST_SECONDS = 3.0  # how long a kind of work is watched before its pace counts
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Amounts:
    """What decides how much work a training is. The defaults are those of 1,000 tweets on a base of 135M parameters.

    Tokens are those of the base: in one pass over what is learned, and in what is held out. `paired` are those that are
    read to see if the voice answers what was said. `compared` is the number of models that are measured on what is held
    out. The judge has `judge` parameters and reads `judged` tokens.
    """

    parameters: int = 134_515_008
    learned: int = 30_000
    passes: int = 1
    held_out: int = 3_300
    paired: int = 0
    compared: int = 2
    drafts: int = 600
    draft_tokens: int = 33
    judge: int = 9_064_448
    judged: int = 9_900
    is_base_ready: bool = True


@dataclass(slots=True)
class Part:
    """`amount` of some work in a stage, which takes `seconds`. `work` is empty if the stage is one piece of work."""

    stage: str
    work: Work | None
    amount: float
    seconds: float
    done: float = 0.0

    @property
    def share(self) -> float:
        return min(1.0, self.done / self.amount) if self.amount else 1.0


@dataclass(slots=True)
class _Pace:
    """How many times as long as expected one kind of work takes, where the last half minute counts most."""

    taken: float = 0.0
    expected: float = 0.0
    watched: float = 0.0

    def note(self, taken: float, expected: float) -> None:
        fading = 0.5 ** (taken / HALF_LIFE_SECONDS)
        self.taken = self.taken * fading + taken
        self.expected = self.expected * fading + expected
        self.watched += taken

    @property
    def factor(self) -> float | None:
        """None if it is not known yet."""
        return self.taken / self.expected if self.expected and self.watched >= LEAST_SECONDS else None


@dataclass
class WorkPlan:
    """What is done of a training's parts. It begins with typical amounts, and goes on with the true ones."""

    amounts: Amounts = field(default_factory=Amounts)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._parts = parts_of(self.amounts)
        self._paces: dict[bool, _Pace] = {True: _Pace(), False: _Pace()}  # of drawing, and of what torch computes
        self._last: tuple[Part | None, float] = None, 0.0
        self._percent = 0.0

    def expect(self, amounts: Amounts) -> None:
        """Count with these amounts from now on. What is done stays done."""
        shares = {(part.stage, part.work): part.share for part in self._parts}
        self.amounts, self._parts = amounts, parts_of(amounts)
        for part in self._parts:
            part.done = part.amount * shares[part.stage, part.work]
        self._last = None, 0.0

    def did(self, stage: str, work: Work, amount: float) -> None:
        """So much more of the work in a stage is done. All stages before it have ended."""
        part = next(part for part in self._parts if (part.stage, part.work) == (stage, work))
        self._end_those_before(stage)
        before, now = part.share, self.clock()
        part.done += amount
        last, then = self._last
        # What another attempt has done already comes first, and in one piece. So the first piece is never measured.
        if last is part and work in _MEASURED:
            self._paces[work == "drawn"].note(now - then, part.seconds * (part.share - before))
        self._last = part, now

    def reached(self, stage: str, share: float) -> None:
        """A stage that is one piece of work is done by that share. If it is the whole, any stage has ended."""
        if stage not in _ORDER:
            return
        self._end_those_before(stage)
        for part in self._parts:
            if part.stage == stage and (share >= 1 or part.work is None):
                part.done = max(part.done, part.amount * share)

    def done_of(self, stage: str) -> float:
        """The share of a stage that is done."""
        return _share([part for part in self._parts if part.stage == stage])

    @property
    def percent(self) -> float:
        """How far the whole is. It never falls."""
        self._percent = max(self._percent, 100 * _share(self._parts))
        return self._percent

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes. None if nothing is known of this machine's pace yet."""
        drawing, computing = self._paces[True].factor, self._paces[False].factor
        if computing is None and drawing is None:
            return None
        computing = drawing if computing is None else computing
        assert computing is not None
        # A GPU computes much faster, but pictures take as long as ever.
        factors = {True: computing if drawing is None else drawing, False: computing, None: max(1.0, computing)}
        left = 0.0
        for part in self._parts:
            kind = None if part.work not in _MEASURED else part.work == "drawn"
            left += part.seconds * (1 - part.share) * factors[kind]
        return left

    def _end_those_before(self, stage: str) -> None:
        for part in self._parts:
            if _ORDER.index(part.stage) < _ORDER.index(stage):
                part.done = part.amount


_ORDER = (*STAGES[: STAGES.index("train")], BASE, *STAGES[STAGES.index("train") :])
_MEASURED: tuple[Work, ...] = ("read", "learned", "judged", "drawn")


def _share(parts: list[Part]) -> float:
    whole = sum(part.seconds for part in parts)
    return sum(part.seconds * part.share for part in parts) / whole if whole else 1.0


# Seconds on two cores of an AMD EPYC of the third generation (AVX2). A token takes more on a larger base: the first
# figure is what every token takes, the second one what each million parameters adds. How fast tokens are learned and
# drawn is in docs/voices.md. Reading takes a third to a half of learning, by processor time on both bases. The rest was
# measured in a training of 360 tweets on SmolLM2; its first loading, which also imports torch, takes longer.
_READING = (0.0, 25e-6)
_LEARNING = (0.0, 55e-6)
_DRAWING = (0.16e-3, 11e-6)
_PREPARING = {"collect": 1.0, "clean": 1.0, "dataset": 1.0}
_MAKING_THE_BASE = 15.0
_DESCRIBING = {"profile": 0.3, "card": 0.5, "register": 0.1}
_LOADING = (0.5, 0.006)
COMPARISONS = 4
_COMPARING = 0.5


def _of_a_token(cost: tuple[float, float], parameters: int) -> float:
    return cost[0] + cost[1] * parameters / MILLION


def parts_of(amounts: Amounts) -> list[Part]:
    """The parts of a training, in their order."""
    of_a_token = partial(_of_a_token, parameters=amounts.parameters)

    def part(stage: str, work: Work, amount: float, seconds_each: float) -> Part:
        return Part(stage, work, amount, amount * seconds_each)

    return [
        *(Part(stage, None, 1, seconds) for stage, seconds in _PREPARING.items()),
        Part(BASE, None, 1, 0.0 if amounts.is_base_ready else _MAKING_THE_BASE),
        part("train", "loaded", 1, of_a_token(_LOADING)),
        part("train", "read", (1 + amounts.passes) * amounts.held_out, of_a_token(_READING)),
        part("train", "learned", amounts.passes * amounts.learned, of_a_token(_LEARNING)),
        part("evaluate", "loaded", amounts.compared, of_a_token(_LOADING)),
        part("evaluate", "read", amounts.compared * amounts.held_out + amounts.paired, of_a_token(_READING)),
        part("evaluate", "drawn", amounts.drafts, amounts.draft_tokens * of_a_token(_DRAWING)),
        part("evaluate", "judged", amounts.judged, _of_a_token(_READING, amounts.judge)),
        part("evaluate", "compared", COMPARISONS, _COMPARING),
        *(Part(stage, None, 1, seconds) for stage, seconds in _DESCRIBING.items()),
    ]

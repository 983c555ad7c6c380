"""How far a training is and how long it takes: by what its parts take, and by how fast this machine does them."""

from dataclasses import replace

import pytest

from huggingtweets.core.work import Work
from huggingtweets.workflow.work_plan import Amounts, WorkPlan, parts_of

TYPICAL = Amounts()
LARGE = replace(TYPICAL, learned=300_000, held_out=16_500)
SMALL = replace(TYPICAL, parameters=9_064_448, passes=3, judge=134_515_008)


class Machine:
    """Does a training on a clock of its own, in which computing takes `slower` times as long, and the rest `rest`."""

    def __init__(self, amounts: Amounts, slower: float = 1.0, rest: float = 1.0):
        self.now = 0.0
        self.plan = WorkPlan(amounts, clock=lambda: self.now)
        self.slower, self.rest = slower, rest
        parts = [part for part in parts_of(amounts) if part.amount]
        self._reference = {(part.stage, part.work): part.seconds / part.amount for part in parts}
        self.told: list[tuple[float, float, float | None]] = []  # when, percent, seconds left

    def work(self, stage: str, work: Work, amount: float, pieces: int) -> None:
        each = amount / pieces
        for _ in range(pieces):
            slower = self.rest if work in ("loaded", "compared") else self.slower
            self.now += each * self._reference[stage, work] * slower
            self.plan.did(stage, work, each)
            self.tell()

    def whole(self, stage: str) -> None:
        self.now += self._reference[stage, None] * self.rest
        self.plan.reached(stage, 1.0)
        self.tell()

    def tell(self) -> None:
        self.told.append((self.now, self.plan.percent, self.plan.seconds_left))

    def train(self) -> None:
        amounts = self.plan.amounts
        for stage in ("collect", "clean", "dataset"):
            self.whole(stage)
        self.work("train", "loaded", 1, 1)
        self.work("train", "read", amounts.held_out, 3)
        for _ in range(amounts.passes):
            self.work("train", "learned", amounts.learned, 120)
            self.work("train", "read", amounts.held_out, 3)
        self.work("evaluate", "loaded", 1, 1)
        self.work("evaluate", "read", amounts.held_out, 4)
        self.work("evaluate", "loaded", 1, 1)
        self.work("evaluate", "read", amounts.held_out, 4)
        self.work("evaluate", "drawn", amounts.drafts, 10)
        self.work("evaluate", "judged", amounts.judged, 10)
        self.work("evaluate", "compared", 4, 4)
        self.plan.reached("samples", 1.0)
        for stage in ("profile", "card", "register"):
            self.whole(stage)


@pytest.mark.parametrize("amounts", [TYPICAL, LARGE, SMALL])
def test_the_percentage_goes_with_the_clock(amounts: Amounts) -> None:
    machine = Machine(amounts)
    machine.train()
    for now, percent, _ in machine.told:
        assert percent == pytest.approx(100 * now / machine.now, abs=0.5)
    assert machine.told[-1][1] == 100


@pytest.mark.parametrize(("slower", "rest"), [(1.0, 1.0), (4.0, 4.0), (0.3, 1.0)])
@pytest.mark.parametrize("amounts", [TYPICAL, LARGE])
def test_the_time_left_is_about_right_once_the_pace_is_known(amounts: Amounts, slower: float, rest: float) -> None:
    machine = Machine(amounts, slower, rest)
    machine.train()
    late = [(left, machine.now - now) for now, _, left in machine.told if left is not None]
    assert len(late) > 100
    for told, true in late:
        assert told == pytest.approx(true, rel=0.1, abs=5)


def test_a_machine_that_becomes_slower_is_followed() -> None:
    machine = Machine(TYPICAL)
    machine.work("train", "learned", TYPICAL.learned / 2, 60)
    before = machine.plan.seconds_left
    machine.slower = 3.0
    machine.work("train", "learned", TYPICAL.learned / 4, 30)
    after = machine.plan.seconds_left
    assert before
    assert after
    assert after > before


def test_what_an_earlier_attempt_has_done_says_nothing_of_the_pace() -> None:
    machine = Machine(TYPICAL)
    machine.plan.did("train", "loaded", 1)
    machine.work("train", "read", TYPICAL.held_out, 3)
    machine.plan.did("train", "learned", TYPICAL.learned / 2)  # at once
    machine.work("train", "learned", TYPICAL.learned / 4, 30)
    left = machine.plan.seconds_left
    now = machine.now
    machine.work("train", "learned", TYPICAL.learned / 4, 30)
    assert left
    assert left > machine.now - now


def test_a_stage_that_was_done_before_is_passed_over_and_nothing_is_told_of_the_time() -> None:
    machine = Machine(TYPICAL)
    for stage in ("collect", "clean", "dataset", "train"):
        machine.plan.reached(stage, 1.0)
    assert machine.plan.percent > 50
    assert machine.plan.seconds_left is None
    machine.work("evaluate", "drawn", 300, 10)
    assert machine.plan.seconds_left is not None


def test_the_percentage_never_falls_when_there_is_more_to_do_than_was_thought() -> None:
    plan = WorkPlan(SMALL)
    plan.reached("dataset", 1.0)
    before = plan.percent
    plan.expect(LARGE)
    assert plan.percent == before
    plan.did("train", "learned", LARGE.learned)
    assert plan.percent > before


def test_a_base_that_has_to_be_made_counts() -> None:
    plan = WorkPlan(replace(TYPICAL, is_base_ready=False))
    plan.reached("dataset", 1.0)
    before = plan.percent
    plan.reached("base", 0.5)
    half = plan.percent
    plan.reached("base", 1.0)
    assert before < half < plan.percent


def test_what_has_no_place_in_a_training_changes_nothing() -> None:
    plan = WorkPlan(TYPICAL)
    plan.reached("push", 1.0)
    assert plan.percent == 0

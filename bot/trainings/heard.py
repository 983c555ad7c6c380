"""What a training says while it runs: how far it is, what is expected of it, and how it ended.

Knows a training's events. Does not know where the training runs.
"""

import math
import time
from dataclasses import dataclass, field

from bot.core.errors import TrainingFailed
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.events import Done, Event, Failed, Progress, Skipped
from huggingtweets.core.text.phrases import Phrase

NOTHING = Phrase()


@dataclass
class Heard:
    """What a training has said so far."""

    stage: str = "starting"
    percent: int = 0
    foreseen: Phrase = NOTHING
    """What can be expected of the voice, for people."""
    curve: list[tuple[int, float, float | None]] = field(default_factory=list)
    """How the loss fell: percent of the learning, loss, and the best held-out loss if one was measured."""
    seconds_left: float | None = None
    """How long it will take, as far as that can be told."""
    result: Done | Skipped | None = None
    failure: Phrase = NOTHING
    """Why it has failed, for people."""
    last_sign: float = field(default_factory=time.monotonic)

    @property
    def silent_seconds(self) -> float:
        """How long there was no event."""
        return time.monotonic() - self.last_sign

    def hear(self, event: Event) -> None:
        """Take in one event."""
        self.last_sign = time.monotonic()
        match event:
            case Progress(percent=float() | int() as percent):
                # A training that goes on elsewhere passes once more over what was done.
                if percent >= self.percent:
                    self.stage, self.percent = event.stage, min(99, int(percent))
                self.foreseen = Phrase.verbatim(event.foreseen) if event.foreseen else self.foreseen
                self.seconds_left = event.seconds_left
                self._note_loss(event)
            case Failed():
                self.failure = event.reason
            case Done() | Skipped():
                self.result = event

    def _note_loss(self, event: Progress) -> None:
        """Note the loss of a step, at most once a percent of the learning."""
        loss, held_out = event.facts.get("loss"), event.facts.get("best_held_out_loss")
        done = round(100 * event.done / max(1, event.total))
        if event.stage == "train" and isinstance(loss, float) and (not self.curve or self.curve[-1][0] < done):
            best = held_out if isinstance(held_out, float) and math.isfinite(held_out) else None
            self.curve.append((done, round(loss, 4), best and round(best, 4)))


def failed(name: str, complaint: str, code: int, failure: Phrase) -> TrainingFailed:
    """What the training says of its failure, or what the exit code of its process means."""
    if complaint and code > 0:
        return TrainingFailed(complaint, for_people=failure or PipelineError.PEOPLE)
    if code < 0:
        cause = "out of memory, most likely" if code == -9 else f"signal {-code}"
        if code == -9:
            people = Phrase(
                "The training was ended from outside, most likely because my memory was full; start it again and "
                "it goes on."
            )
        else:
            people = Phrase("The training was ended from outside; start it again and it goes on.")
        return TrainingFailed(
            f"The training of {name} was ended from outside ({cause}); start it again and it goes on.",
            for_people=people,
        )
    return TrainingFailed(
        f"The training of {name} ended without a result (exit code {code}); the log has its last lines.",
        for_people=PipelineError.PEOPLE,
    )

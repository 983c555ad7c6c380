"""What is told of a run while it goes on.

Knows the names of a training's stages. Does not know what is done in them, or who is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from huggingtweets.core.records import JSON

# In this order.
STAGES = ("collect", "clean", "dataset", "train", "evaluate", "samples", "profile", "card", "register")


@dataclass(frozen=True, slots=True)
class Progress:
    """One stage's state: `done` of `total`, with figures that may interest somebody."""

    stage: str
    done: int = 1
    total: int = 1
    facts: Mapping[str, object] = field(default_factory=dict)
    warning: str = ""

    def as_json(self) -> JSON:
        row: JSON = {"event": "progress", "stage": self.stage, "done": self.done, "total": self.total, **self.facts}
        return row | {"warning": self.warning} if self.warning else row


Say = Callable[[Progress], None]

"""The texts a voice is learned from, and the later ones it is judged by.

Knows kept tweets. Does not know tokens or models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingtweets import atomic
from huggingtweets.clean import Kept
from huggingtweets.errors import TooLittleData

MAX_HELD_OUT = 500  # tweets; a mean over more is no steadier than the gate needs, and they are lost for learning


@dataclass(frozen=True, slots=True)
class Dataset:
    """`learned` are the earlier texts, `held_out` the later ones; a text that was already learned is not held out."""

    learned: tuple[str, ...]
    held_out: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All the person wrote: what no generated tweet may repeat."""
        return self.learned + self.held_out

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))

    def save(self, path: Path) -> None:
        parts = {"learned": self.learned, "held_out": self.held_out}
        atomic.write_json_lines(path, [{"part": part, "text": text} for part in parts for text in parts[part]])

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        rows = atomic.read_json_lines(path)
        return cls(*(tuple(row["text"] for row in rows if row["part"] == part) for part in ("learned", "held_out")))


def split_by_time(kept: Sequence[Kept], held_out_share: float) -> Dataset:
    """The last `held_out_share` of `kept` (oldest first) held out, at most `MAX_HELD_OUT`; at least one on each side.

    By time and not at random: a model is asked to go on from here, and an event's many tweets would leak across.
    """
    count = min(MAX_HELD_OUT, max(1, round(len(kept) * held_out_share)))
    learned = tuple(tweet.text for tweet in kept[:-count])
    seen = set(learned)
    held_out = tuple(tweet.text for tweet in kept[-count:])
    return Dataset(learned, tuple(text for text in held_out if text not in seen) or held_out[-1:])


def refuse_too_little(name: str, kept: Sequence[Kept], needed: int) -> None:
    """Raises `TooLittleData` under `needed` characters, or when there are not two tweets to split."""
    characters = sum(len(tweet.text) for tweet in kept)
    if characters < needed or len(kept) < 2:
        raise TooLittleData(name, characters, needed)

"""The texts a voice is learned from, and the later ones it is judged by.

Knows kept tweets, and which of them were held out before. Does not know tokens or models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.config import Training
from huggingtweets.core.errors import TooLittleData
from huggingtweets.core.records import JSON, Counts
from huggingtweets.tweets.clean import Kept
from huggingtweets.tweets.copies import KnownTexts, without_near_copies

MAX_HELD_OUT = 500  # tweets; a mean over more is no steadier than the gate needs, and they are lost for learning


@dataclass(frozen=True, slots=True)
class Dataset:
    """`learned` are the earlier texts, `held_out` the later ones; a text that was already learned is not held out.

    `times` says how often each learned text is learned in a pass; empty means once.
    """

    learned: tuple[str, ...]
    held_out: tuple[str, ...]
    times: tuple[int, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All the person wrote: what no generated tweet may repeat."""
        return self.learned + self.held_out

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))

    @property
    def repeated(self) -> "Dataset":
        """The same with every learned text as often as it is learned in a pass."""
        if not self.times:
            return self
        return Dataset(
            tuple(chain(*([text] * n for text, n in zip(self.learned, self.times, strict=True)))), self.held_out
        )

    def save(self, path: Path) -> None:
        times: Sequence[int] = self.times or [1] * len(self.learned)
        learned: list[JSON] = [
            {"part": "learned", "text": text} | ({"times": n} if n > 1 else {})
            for text, n in zip(self.learned, times, strict=True)
        ]
        atomic.write_json_lines(path, [*learned, *({"part": "held_out", "text": text} for text in self.held_out)])

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        rows = atomic.read_json_lines(path)
        learned, held_out = ([row for row in rows if row["part"] == part] for part in ("learned", "held_out"))
        times = tuple(row.get("times", 1) for row in learned)
        return cls(
            tuple(row["text"] for row in learned),
            tuple(row["text"] for row in held_out),
            times if any(n > 1 for n in times) else (),
        )


def make(
    people: Mapping[str, Sequence[Kept]],
    settings: Training,
    before: Dataset | None = None,
    counts: Mapping[str, Counts] | None = None,
) -> Dataset:
    """One data set of the kept tweets of every one of `people`, oldest first.

    `before` is that of the version in use: what was held out there stays so, and what was learned there is never held
    out, so that both versions can be compared on tweets that neither has learned. `counts` say what became of the
    tweets of each. Raises `TooLittleData`.
    """
    parts = [_of_one(name, kept, settings, before, (counts or {}).get(name)) for name, kept in people.items()]
    learned = tuple(chain.from_iterable(part.learned for part in parts))
    held_out = tuple(chain.from_iterable(part.held_out for part in parts))
    times = tuple(chain.from_iterable(balance([part.learned for part in parts]))) if len(parts) > 1 else ()
    return Dataset(learned, held_out, times)


def _of_one(
    name: str, kept: Sequence[Kept], settings: Training, before: Dataset | None, counts: Counts | None
) -> Dataset:
    if settings.deduplicate:
        kept = [kept[place] for place in without_near_copies([tweet.text for tweet in kept])]
    refuse_too_little(name, kept, settings.min_characters, counts)
    return split_by_time(kept, settings.held_out, before)


def split_by_time(kept: Sequence[Kept], held_out_share: float, before: Dataset | None = None) -> Dataset:
    """The last `held_out_share` of `kept` (oldest first) held out, at most `MAX_HELD_OUT`; at least one on each side.

    By time and not at random: a model is asked to go on from here, and an event's many tweets would leak across.
    With `before`, what was held out there comes first, and the latest of the new ones fill up. A text that repeats a
    learned one, once case, punctuation and emoji are put aside, is not held out: the model has seen it.
    """
    count = min(MAX_HELD_OUT, max(1, round(len(kept) * held_out_share)))
    texts = [tweet.text for tweet in kept]
    if before:
        known_held_out, known_learned = set(before.held_out), set(before.learned)
        places = [place for place, text in enumerate(texts) if text in known_held_out and text not in known_learned]
        new = [place for place, text in enumerate(texts) if text not in known_held_out and text not in known_learned]
        missing = count - len(places)
        chosen = {*places, *(new[-missing:] if missing > 0 else ())}
    else:
        chosen = set()
    chosen = chosen or set(range(len(texts) - count, len(texts)))
    learned = tuple(text for place, text in enumerate(texts) if place not in chosen)
    latest = tuple(text for place, text in enumerate(texts) if place in chosen)
    repeats = _Repeats(learned + (before.learned if before else ()))
    if unseen := tuple(text for text in latest if text not in repeats):
        return Dataset(learned, unseen)
    return _without_repeats_of(latest[-1], texts[:-1] if before is None else learned)


def _without_repeats_of(held_out: str, others: Sequence[str]) -> Dataset:
    """Every one of the latest texts repeats an earlier one: the last is held out, and nothing like it is learned.

    Who has only ever written one text has nothing else to learn, so then it is learned as well.
    """
    repeats = _Repeats([held_out])
    return Dataset(tuple(text for text in others if text not in repeats) or tuple(others), (held_out,))


class _Repeats:
    """Contains the texts that repeat one of `texts`, exactly or nearly. A text without any word repeats only itself."""

    def __init__(self, texts: Sequence[str]):
        self._same, self._near = frozenset(texts), KnownTexts(texts)

    def __contains__(self, text: str) -> bool:
        return text in self._same or self._near.has_nearly(text)


def balance(people: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """How often each text of each of `people` is learned in a pass, so that all have as many characters as the longest.

    As in the original huggingtweets, whose texts of the shorter were repeated from the beginning until they sufficed.
    """
    goal = max(sum(map(len, texts)) for texts in people)
    return [_times(texts, goal) for texts in people]


def _times(texts: Sequence[str], goal: int) -> tuple[int, ...]:
    times = [1] * len(texts)
    characters = sum(map(len, texts))
    for place in cycle(range(len(texts))):
        if characters >= goal:
            break
        times[place] += 1
        characters += len(texts[place])
    return tuple(times)


def refuse_too_little(name: str, kept: Sequence[Kept], needed: int, counts: Counts | None = None) -> None:
    """Raises `TooLittleData` under `needed` characters, or when there are not two tweets to split."""
    characters = sum(len(tweet.text) for tweet in kept)
    if characters < needed or len(kept) < 2:
        raise TooLittleData(name, characters, needed, counts, len(kept))

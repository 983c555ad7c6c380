"""The texts that a voice is learned from, and the later texts that it is judged by.

Knows cleaned tweets, and which of them an earlier data set learned or held out. Does not know tokens or models.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle
from pathlib import Path
from typing import Literal

import regex

from huggingtweets.core import atomic
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.errors import TooLittleData
from huggingtweets.core.records import JSON, Counts
from huggingtweets.tweets.kept.derived_ids import DerivedIds
from huggingtweets.tweets.learned.clean import Kept
from huggingtweets.tweets.texts.copies import KnownTexts, without_near_copies

Part = Literal["learned", "held_out"]
MAX_HELD_OUT = 500  # tweets; a mean over more is no steadier than the gate needs, and they are lost for learning


@dataclass(frozen=True, slots=True)
class Example:
    """One text of a data set, and the tweet that it comes from.

    `id` and `handle` say which tweet that is. They are empty in data sets that were made before ids were kept.
    `times` says how often the text is learned in one pass. `context` is what was said before, if the tweet is a reply
    and that is known. It is read and never learned. `said_by` is who else wrote in it.
    """

    text: str
    id: str = ""
    handle: str = ""
    times: int = 1
    context: str = ""
    said_by: str = ""

    def as_json(self, part: Part) -> JSON:
        row: JSON = {"part": part, "text": self.text}
        row |= {"id": self.id} if self.id else {}
        row |= {"handle": self.handle} if self.handle else {}
        row |= {"times": self.times} if self.times > 1 else {}
        row |= {"context": self.context} if self.context else {}
        return row | ({"said_by": self.said_by} if self.said_by else {})

    @classmethod
    def from_json(cls, row: JSON) -> "Example":
        known = {key: row[key] for key in cls.__slots__ if key in row}
        return cls(**known)


_TELLING = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The earlier tweets, which are learned, and the later ones, which are held out. No text is in both parts."""

    learned_examples: tuple[Example, ...]
    held_out_examples: tuple[Example, ...]

    @classmethod
    def of_texts(cls, learned: Iterable[str], held_out: Iterable[str]) -> "Dataset":
        """A data set of texts that have no ids; each gets a derived one."""
        ids = DerivedIds()
        parts = [tuple(Example(text, ids.next(None, text)) for text in texts) for texts in (learned, held_out)]
        return cls(*parts)

    @property
    def learned(self) -> tuple[str, ...]:
        return tuple(example.text for example in self.learned_examples)

    @property
    def held_out(self) -> tuple[str, ...]:
        return tuple(example.text for example in self.held_out_examples)

    @property
    def shown(self) -> tuple[str, ...]:
        """The half of the held-out texts that the discriminator may learn from. Nothing else learns from them."""
        return tuple(text for text in self.held_out if _half(text) == 0)

    @property
    def unseen(self) -> tuple[str, ...]:
        """The other half, from which nothing is learned. A text stays in its half from version to version."""
        return tuple(text for text in self.held_out if _half(text) == 1)

    @property
    def held_out_pairs(self) -> tuple[Example, ...]:
        """The held-out replies whose context is known."""
        return tuple(example for example in self.held_out_examples if example.context)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that the person wrote: what no generated tweet may repeat."""
        return self.learned + self.held_out

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))

    @property
    def repeated(self) -> "Dataset":
        """The same data set, with every learned text as often as it is learned in one pass."""
        if all(example.times == 1 for example in self.learned_examples):
            return self
        learned = chain.from_iterable([replace(one, times=1)] * one.times for one in self.learned_examples)
        return Dataset(tuple(learned), self.held_out_examples)

    def save(self, path: Path) -> None:
        learned = [example.as_json("learned") for example in self.learned_examples]
        atomic.write_json_lines(path, learned + [example.as_json("held_out") for example in self.held_out_examples])

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        rows = atomic.read_json_lines(path)
        learned, held_out = (
            tuple(Example.from_json(row) for row in rows if row["part"] == part) for part in ("learned", "held_out")
        )
        return cls(learned, held_out)


def _half(text: str) -> int:
    """0 or 1, by chance, but always the same for a text."""
    return zlib.crc32(text.encode(errors="replace")) & 1


def make(
    people: Mapping[str, Sequence[Kept]],
    settings: TrainingSettings,
    before: Dataset | None = None,
    counts: Mapping[str, Counts] | None = None,
) -> Dataset:
    """One data set of the cleaned tweets of all `people`, by handle; the tweets of each are oldest first.

    `before` is the data set of the version in use. What it held out stays held out, and what it learned is never held
    out, so both versions can be compared on tweets that neither has learned. `counts` say what became of the tweets of
    each person. Raises `TooLittleData`.
    """
    parts = [_of_one(handle, tweets, settings, before, (counts or {}).get(handle)) for handle, tweets in people.items()]
    learned = [part.learned_examples for part in parts]
    if len(parts) > 1:
        learned = [
            _repeated(examples, times) for examples, times in zip(learned, balance(_texts(learned)), strict=True)
        ]
    held_out = chain.from_iterable(part.held_out_examples for part in parts)
    return Dataset(tuple(chain.from_iterable(learned)), tuple(held_out))


def _of_one(
    handle: str, tweets: Sequence[Kept], settings: TrainingSettings, before: Dataset | None, counts: Counts | None
) -> Dataset:
    if settings.deduplicate:
        tweets = [tweets[place] for place in without_near_copies([tweet.text for tweet in tweets])]
    refuse_too_little(handle, tweets, settings.min_characters, counts)
    return split_by_time(tweets, settings.held_out, before, handle)


def split_by_time(
    tweets: Sequence[Kept], held_out_share: float, before: Dataset | None = None, handle: str = ""
) -> Dataset:
    """Hold out the last `held_out_share` of `tweets` (oldest first), at most `MAX_HELD_OUT`. Neither side is empty.

    The split is by time and not at random, because a model is asked to go on from here, and the many tweets about one
    event would stand on both sides. With `before`, what was held out there comes first, and the latest new tweets fill
    up. A text that repeats a learned one, apart from case, punctuation and emoji, is not held out: the model has seen
    it. `handle` says whose tweets these are.
    """
    examples = [Example(tweet.text, tweet.id, handle, context=tweet.context, said_by=tweet.said_by) for tweet in tweets]
    count = min(MAX_HELD_OUT, max(1, round(len(examples) * held_out_share)))
    earlier = _Earlier(before, handle)
    places = earlier.held_out_places(examples, count) or set(range(len(examples) - count, len(examples)))
    learned = tuple(example for place, example in enumerate(examples) if place not in places)
    latest = tuple(example for place, example in enumerate(examples) if place in places)
    repeats = _Repeats([example.text for example in learned] + list(before.learned if before else ()))
    if unseen := tuple(one for one in latest if earlier.part_of(one) != "learned" and one.text not in repeats):
        return Dataset(learned, unseen)
    return _without_repeats_of(latest[-1], examples[:-1] if before is None else learned)


class _Earlier:
    """Where the tweets of one person stood in an earlier data set, if there is one.

    A tweet is known by its id, because its text changes with the rules of cleaning. It is known by its text where its
    id is not in the data set: there were no ids in the data sets of old versions, and a derived id changes when a table
    is given again with other dates.
    """

    def __init__(self, before: Dataset | None, handle: str):
        self._is_empty = before is None
        self._by_id: dict[str, Part] = {}
        self._by_text: dict[str, Part] = {}
        if before:
            self._note("held_out", before.held_out_examples, handle)
            # Noted last, so that a tweet on both sides counts as learned.
            self._note("learned", before.learned_examples, handle)

    def _note(self, part: Part, examples: Iterable[Example], handle: str) -> None:
        for example in examples:
            self._by_text[example.text] = part
            if example.id and example.handle == handle:
                self._by_id[example.id] = part

    def part_of(self, example: Example) -> Part | None:
        """The part in which the tweet was; None for a new tweet."""
        return self._by_id.get(example.id, self._by_text.get(example.text))

    def held_out_places(self, examples: Sequence[Example], count: int) -> set[int]:
        """Places of the examples that were held out; if these are fewer than `count`, of the latest new ones, too."""
        if self._is_empty:
            return set()
        parts = [self.part_of(example) for example in examples]
        held_out = [place for place, part in enumerate(parts) if part == "held_out"]
        new = [place for place, part in enumerate(parts) if part is None]
        missing = count - len(held_out)
        return {*held_out, *(new[-missing:] if missing > 0 else ())}


def _without_repeats_of(held_out: Example, others: Sequence[Example]) -> Dataset:
    """Every one of the latest texts repeats an earlier one: the last is held out, and nothing like it is learned.

    Somebody who has only ever written one text has nothing else to learn, so that text is learned as well.
    """
    repeats = _Repeats([held_out.text])
    return Dataset(tuple(one for one in others if one.text not in repeats) or tuple(others), (held_out,))


class _Repeats:
    """Contains the texts that repeat one of `texts`, exactly or nearly. A text without any word repeats only itself."""

    def __init__(self, texts: Sequence[str]):
        self._same, self._near = frozenset(texts), KnownTexts(texts)

    def __contains__(self, text: str) -> bool:
        return text in self._same or self._near.has_nearly(text)


def _texts(people: Iterable[Iterable[Example]]) -> list[list[str]]:
    return [[example.text for example in examples] for examples in people]


def _repeated(examples: Sequence[Example], times: Sequence[int]) -> tuple[Example, ...]:
    return tuple(replace(example, times=n) for example, n in zip(examples, times, strict=True))


def balance(people: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """How often each text of each person is learned in one pass, so that all have as many characters as the longest.

    This is what the original huggingtweets did: it repeated the texts of the others from the beginning until they were
    as many.
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


def characters_of(texts: Iterable[str]) -> int:
    """How much text there is to learn from, in characters of Latin script.

    Chinese, Japanese and Korean characters count double, as they do at X. In the messages of a Debian machine's
    programs (40 to 280 characters each, in English and translated) one character of these languages says as much as
    2.9, 1.8 and 1.8 English ones (7,700 to 9,000 messages a language). Thai has no blanks either, but there it is 1.06
    (1,270 messages), so Thai, Lao, Khmer and Burmese characters count once. For German it is 0.83.
    """
    return sum(len(text) + len(_TELLING.findall(text)) for text in texts)


def refuse_too_little(name: str, tweets: Sequence[Kept], needed: int, counts: Counts | None = None) -> None:
    """Raises `TooLittleData` if there are less than `needed` characters, or not two tweets to split."""
    characters = characters_of(tweet.text for tweet in tweets)
    if characters < needed or len(tweets) < 2:
        raise TooLittleData(name, characters, needed, counts, len(tweets))

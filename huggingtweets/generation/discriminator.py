"""Tells a voice's own drafts from the person's real tweets: by hashed n-grams, the length, and how unlikely a text is.

It is fitted at the end of a learning (`discriminator_fit`). When tweets are drawn, more drafts are drawn than asked
for, and those that look most real to it are likelier to be answered (`selection`). Its file holds no text, only a
weight for each of some thousand buckets, into which n-grams fall by a hash.

Knows texts, weights and their file. Does not know how the weights were found, or how drafts are drawn.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from huggingtweets.core import atomic
from huggingtweets.tweets.texts.hashed_ngrams import byte_ngrams, word_ngrams

log = logging.getLogger(__name__)

LONGEST = 4  # bytes of an n-gram
BITS = 13
BUCKETS = 2 << BITS  # first those of bytes, then those of words
SHAPES = 4  # numbers that describe the length of a text
SURPRISES = 2  # numbers that describe how unlikely a text is
MOST_BEYOND = 1.5  # bits per byte: what is further from a usual draft counts as this far
USUAL_LENGTH = 80.0  # characters; for this length the shapes are zero
Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of each text: a value for each bucket that its n-grams fall into, and the numbers of its shape.

    `values` are those of `buckets` in the texts `owners`, all [n-grams]; `shapes` is [texts, SHAPES].
    """

    buckets: Int64s
    owners: Int64s
    values: Floats
    shapes: Floats

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        bytes_, words = byte_ngrams(texts, LONGEST, BITS), word_ngrams(texts, BITS)
        parts = [_counted(*bytes_, 0, len(texts)), _counted(*words, BUCKETS // 2, len(texts))]
        buckets, owners, values = map(np.concatenate, zip(*parts, strict=True))
        return cls(buckets, owners, values, _shapes(texts))

    def __len__(self) -> int:
        return len(self.shapes)

    def scores(self, weights: Floats) -> Floats:
        """The weighted sum of each text's features; `weights` is [BUCKETS + SHAPES]."""
        of_ngrams = np.bincount(self.owners, weights[self.buckets] * self.values, minlength=len(self))
        scores: Floats = of_ngrams + self.shapes @ weights[BUCKETS:]
        return scores


def _counted(buckets: Int64s, owners: Int64s, first: int, texts: int) -> tuple[Int64s, Int64s, Floats]:
    """Each bucket of a text once. Its value grows with the logarithm of its count; those of a text have the norm 1."""
    places, counts = np.unique(owners * BUCKETS + first + buckets, return_counts=True)
    owners, values = places // BUCKETS, 1 + np.log(counts)
    norms = np.sqrt(np.bincount(owners, values**2, minlength=texts))
    return places % BUCKETS, owners, values / norms[owners]


def _shapes(texts: Sequence[str]) -> Floats:
    """A constant, and the length of each text in several forms."""
    lengths = np.array([len(text) for text in texts], np.float64)
    logarithms = np.log((lengths + 1) / USUAL_LENGTH)
    return np.stack([np.ones(len(texts)), logarithms, logarithms**2, lengths / USUAL_LENGTH - 1], axis=1)


def surprises(bits_per_byte: Floats, usual: float) -> Floats:
    """[texts, SURPRISES] of the bits per byte of each text under the voice. With NaN it counts as a usual one."""
    beyond = np.clip(np.nan_to_num(bits_per_byte - usual, nan=0.0), -MOST_BEYOND, MOST_BEYOND)
    return np.stack([beyond, beyond**2], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Discriminator:
    """`ngrams` [BUCKETS] times `scale`, `shapes` [SHAPES] and `surprise` [SURPRISES] are the weights of the features.

    `usual` is the bits per byte of a usual draft.
    """

    ngrams: NDArray[np.int8]
    scale: float
    shapes: Floats
    surprise: Floats = field(default_factory=lambda: np.zeros(SURPRISES))
    usual: float = 0.0

    @classmethod
    def of(cls, weights: Floats, surprise: Floats, usual: float) -> Self:
        """The discriminator with these `weights` [BUCKETS + SHAPES], rounded to what its file holds."""
        largest = float(np.abs(weights[:BUCKETS]).max()) or 1.0
        ngrams = np.rint(weights[:BUCKETS] / largest * 127).astype(np.int8)
        return cls(ngrams, largest / 127, weights[BUCKETS:], surprise, usual)

    def log_odds(self, texts: Sequence[str], bits_per_byte: Sequence[float | None] = ()) -> Floats:
        """How likely each text is real rather than drawn: the logarithm of the odds.

        `bits_per_byte` says how unlikely the voice finds each text, or None where nobody knows.
        """
        if not texts:
            return np.zeros(0)
        odds = Features.of(texts).scores(np.concatenate([self.ngrams * self.scale, self.shapes]))
        if bits_per_byte:
            odds += surprises(np.array(bits_per_byte, np.float64), self.usual) @ self.surprise
        return odds

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        surprise = np.array([self.usual, *self.surprise])
        data = save(
            {"ngrams": self.ngrams, "shapes": self.shapes, "scale": np.array([self.scale]), "surprise": surprise}
        )
        with atomic.replaced(path) as file:
            file.write(data)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The discriminator in `path`. Returns None if there is none, or none that this software can use."""
        try:
            tensors = load(atomic.require_file(path).read_bytes())
            ngrams, shapes, scale = tensors["ngrams"], tensors["shapes"], tensors["scale"]
            # Those of earlier versions do not know how unlikely a text is.
            surprise = tensors.get("surprise", np.zeros(1 + SURPRISES)).astype(np.float64)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, KeyError) as error:
            log.warning("%s cannot be read, so tweets are not selected: %s", path, error)
            return None
        forms = (ngrams.shape, shapes.shape, scale.shape, surprise.shape)
        if ngrams.dtype != np.int8 or forms != ((BUCKETS,), (SHAPES,), (1,), (1 + SURPRISES,)):
            log.warning("%s is of other software, so tweets are not selected", path)
            return None
        return cls(ngrams, float(scale[0]), shapes.astype(np.float64), surprise[1:], float(surprise[0]))

"""The n-grams of texts, as numbers: each n-gram falls into one of many buckets, by a hash.

Counting and scoring with buckets are array operations, and what is counted in them cannot be read. The hashes are the
same on every machine and in every process.

Knows strings and bytes. Does not know what the n-grams tell.
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from huggingtweets.tweets.texts.words import tokens

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
Places = tuple[NDArray[np.int64], NDArray[np.int64]]  # the bucket of every n-gram, and its text's number


def byte_ngrams(texts: Sequence[str], longest: int, bits: int) -> Places:
    """The n-grams of 1 to `longest` bytes in 2**`bits` buckets. A line break marks each text's begin and end."""
    framed = [f"\n{text}\n".encode(errors="replace") for text in texts]
    data = np.frombuffer(b"".join(framed), np.uint8).astype(np.uint64)
    owner = np.repeat(np.arange(len(framed)), [len(text) for text in framed])
    buckets, owners = [], []
    state = np.zeros(len(data), np.uint64)
    with np.errstate(over="ignore"):
        for length in range(1, longest + 1):
            # The hash of the n-gram that begins at each place, made from that of the n-gram one byte shorter.
            state = (state[: len(data) - length + 1] + data[length - 1 :] + np.uint64(1)) * _MULTIPLIER
            state ^= state >> np.uint64(29)
            inside = owner[: len(state)] == owner[length - 1 :]
            buckets.append((state[inside] >> np.uint64(64 - bits)).astype(np.int64))
            owners.append(owner[: len(state)][inside])
    return np.concatenate(buckets), np.concatenate(owners)


def word_ngrams(texts: Sequence[str], bits: int) -> Places:
    """The words and the pairs of words in 2**`bits` buckets. Case does not count."""
    hashes = [[zlib.crc32(gram.encode(errors="replace")) >> (32 - bits) for gram in _words(text)] for text in texts]
    owners = np.repeat(np.arange(len(texts)), [len(of_text) for of_text in hashes])
    return np.array([bucket for of_text in hashes for bucket in of_text], np.int64), owners


def _words(text: str) -> Iterator[str]:
    words = ["\n", *tokens(text.casefold()), "\n"]
    yield from words[1:-1]
    yield from map(" ".join, pairwise(words))

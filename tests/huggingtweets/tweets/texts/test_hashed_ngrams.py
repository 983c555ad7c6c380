"""N-grams fall into the same buckets everywhere, and never reach over the end of a text."""

import subprocess
import sys
from collections import Counter

import numpy as np

from huggingtweets.tweets.texts.hashed_ngrams import byte_ngrams, word_ngrams


def test_the_n_grams_of_bytes_are_those_within_each_text() -> None:
    buckets, owners = byte_ngrams(["ab", "ü"], 5, 18)
    # "\nab\n" has 4 + 3 + 2 + 1 n-grams of 1 to 4 bytes; "\nü\n" is 4 bytes, too.
    assert Counter(owners.tolist()) == {0: 10, 1: 10}
    assert buckets.min() >= 0
    assert buckets.max() < 1 << 18
    again, _ = byte_ngrams(["ab"], 5, 18)
    assert Counter(again.tolist()) == Counter(buckets[owners == 0].tolist()), "a text's n-grams do not depend on others"
    assert not np.intersect1d(buckets[owners == 0], buckets[owners == 1]).tolist()[1:], "only the line break is shared"


def test_the_n_grams_of_words_are_words_and_pairs_with_the_borders() -> None:
    buckets, owners = word_ngrams(["One two", "one", "", "今日"], 13)
    assert Counter(owners.tolist()) == {0: 2 + 3, 1: 1 + 2, 2: 1, 3: 2 + 3}, "a pair more than words, with the borders"
    assert set(buckets[owners == 1]) & set(buckets[owners == 0]), "case does not count"
    assert 0 <= buckets.min() <= buckets.max() < 1 << 13


def test_no_texts_have_no_n_grams() -> None:
    assert [len(part) for part in (*byte_ngrams([], 4, 13), *word_ngrams([], 13))] == [0, 0, 0, 0]


def test_another_process_finds_the_same_buckets() -> None:
    """Python's own hash of a string differs from process to process."""
    code = (
        "from huggingtweets.tweets.texts.hashed_ngrams import byte_ngrams, word_ngrams\n"
        "print(*word_ngrams(['a b'], 13)[0], *byte_ngrams(['a'], 2, 9)[0])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert list(map(int, other.split())) == [*word_ngrams(["a b"], 13)[0], *byte_ngrams(["a"], 2, 9)[0]]

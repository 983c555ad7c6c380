"""A copy is found despite other case, punctuation or emoji. A near-copy has most of its word runs from one text."""

from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.tweets.texts.copies import (
    KnownTexts,
    exact_copies,
    near_copies,
    normalised,
    short_repeats,
    without_near_copies,
)

LONG = "the lamp was lit at dusk and nobody came to see it burn"  # 12 words, 8 shingles
OTHER = "a gull stood on the rail and looked at me as if it knew"


def test_copies_are_counted_whatever_their_dress() -> None:
    known = KnownTexts(["Hello, World!", "🚀", "other", f"{LONG}."])
    drafts = ["hello world", "HELLO world 🚀", "hello", "", "!!", LONG.upper(), LONG[:-5]]
    assert short_repeats(drafts, known) == 2, "less than five words are a phrase"
    assert exact_copies(drafts, known) == 1
    assert near_copies(drafts, known) == 2


def test_the_overlap_is_the_share_of_shingles_from_one_text() -> None:
    known = KnownTexts([LONG, OTHER])
    words = LONG.split()
    assert known.overlap(LONG.upper()) == 1.0
    # 9 words have 5 shingles; the last four words are new, so 5 - 4 = 1 is known.
    assert known.overlap(" ".join([*words[:5], "now", "for", "something", "else"])) == 1 / 5
    assert known.overlap(" ".join(words[:4])) == 0.0, "less than five words have no shingle"


def test_sixty_percent_of_the_shingles_make_a_near_copy() -> None:
    known = KnownTexts([LONG])
    words = LONG.split()
    at_the_limit = " ".join([*words[:7], "x", "y"])  # 3 of 5 shingles
    below = " ".join([*words[:6], "x", "y"])  # 2 of 4
    assert near_copies([at_the_limit, below, LONG, "x"], known) == 2


def test_pieces_of_several_texts_are_no_copy() -> None:
    pieces = " ".join([*LONG.split()[:7], *OTHER.split()[:7]])
    assert KnownTexts([LONG, OTHER]).overlap(pieces) == 3 / 10
    assert not KnownTexts([LONG, OTHER]).has_nearly(pieces)


def test_a_piece_of_a_longer_text_is_a_copy() -> None:
    assert KnownTexts([LONG]).has_nearly(" ".join(LONG.split()[2:9]))


def test_of_near_copies_the_first_stays() -> None:
    texts = [LONG, OTHER, LONG + "!", "short one", "Short one.", LONG.replace("burn", "glow"), "short two"]
    assert without_near_copies(texts) == [0, 1, 3, 6]


@given(st.lists(st.text("ab c", max_size=30), max_size=8))
def test_what_was_added_is_known_and_nothing_is_kept_twice(texts: list[str]) -> None:
    known = KnownTexts(texts)
    assert all(known.has(text) and known.has_nearly(text) for text in texts if normalised(text))
    kept = [normalised(texts[place]) for place in without_near_copies(texts) if normalised(texts[place])]
    assert len(set(kept)) == len(kept)

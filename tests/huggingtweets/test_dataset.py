"""What is judged by is later than what is learned, and no text is both."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.clean import Kept
from huggingtweets.dataset import MAX_HELD_OUT, Dataset, refuse_too_little, split_by_time
from huggingtweets.errors import TooLittleData


def kept(*texts: str) -> list[Kept]:
    return [Kept(str(number), None, text, False) for number, text in enumerate(texts)]


@given(st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_both_sides_have_something_and_share_at_most_an_only_text(texts: list[str], share: float) -> None:
    dataset = split_by_time(kept(*texts), share)
    assert dataset.learned == tuple(texts[: len(dataset.learned)])
    assert dataset.learned
    assert dataset.held_out
    if set(dataset.held_out) & set(dataset.learned):
        assert set(texts[len(dataset.learned) :]) <= set(dataset.learned)


def test_the_latest_tenth_is_held_out() -> None:
    dataset = split_by_time(kept(*map(str, range(100))), 0.1)
    assert dataset.held_out == tuple(map(str, range(90, 100)))
    assert dataset.texts == tuple(map(str, range(100)))
    assert dataset.characters == 190


def test_a_large_account_keeps_most_for_learning() -> None:
    dataset = split_by_time(kept(*map(str, range(20_000))), 0.1)
    assert len(dataset.held_out) == MAX_HELD_OUT


def test_a_repeated_text_is_learned_and_not_judged() -> None:
    assert split_by_time(kept("good morning", "a", "b", "good morning", "c"), 0.4).held_out == ("c",)


def test_a_data_set_comes_back_from_its_file(tmp_path: Path) -> None:
    dataset = Dataset(("one", "two\u2028"), ("drei 🚀",))
    dataset.save(tmp_path / "dataset.jsonl")
    assert Dataset.load(tmp_path / "dataset.jsonl") == dataset


def test_too_few_characters_are_refused_with_both_numbers() -> None:
    with pytest.raises(
        TooLittleData, match="ann: only 8 characters are left after cleaning and training needs 9"
    ) as no:
        refuse_too_little("ann", kept("abcd", "efgh"), 9)
    assert no.value.characters == 8
    refuse_too_little("ann", kept("abcd", "efgh"), 8)


def test_a_single_tweet_is_refused_however_long() -> None:
    with pytest.raises(TooLittleData):
        refuse_too_little("ann", kept("x" * 10_000), 10)

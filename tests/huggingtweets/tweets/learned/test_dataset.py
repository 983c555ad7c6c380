"""Held-out tweets are later than learned ones, no text is both, and a tweet stays on its side."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.errors import TooLittleData
from huggingtweets.core.records import Counts
from huggingtweets.tweets.kept.derived_ids import is_derived
from huggingtweets.tweets.learned.clean import Kept
from huggingtweets.tweets.learned.dataset import (
    MAX_HELD_OUT,
    Dataset,
    Example,
    balance,
    characters_of,
    make,
    refuse_too_little,
    split_by_time,
)
from huggingtweets.tweets.texts.copies import KnownTexts
from tests.conftest import sentences


def kept(*texts: str) -> list[Kept]:
    return [Kept(str(number), None, text, False) for number, text in enumerate(texts)]


@given(st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=60), st.floats(0.01, 0.5))
@example(["0", "0:", "0"], 0.5)  # "0:" repeats "0" once punctuation is put aside
@example(["a", "0", "0:", "0"], 0.5)
@example(["😀", "a", "😀"], 0.3)  # neither has a word, so only equality tells that they are the same
def test_both_sides_have_something_and_nothing_held_out_was_learned(texts: list[str], share: float) -> None:
    dataset = split_by_time(kept(*texts), share)
    assert dataset.learned
    assert dataset.held_out
    assert set(dataset.texts) <= set(texts)
    learned = KnownTexts(dataset.learned)
    seen = [text for text in dataset.held_out if text in dataset.learned or learned.has(text)]
    assert not seen or all(KnownTexts([text]).has(texts[-1]) or text == texts[-1] for text in texts)


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
    dataset = Dataset.of_texts(("one", "two\u2028"), ("drei 🚀",))
    dataset.save(tmp_path / "dataset.jsonl")
    assert Dataset.load(tmp_path / "dataset.jsonl") == dataset
    of_ann = split_by_time(kept("one", "two", "three"), 0.3, handle="ann")
    of_ann.save(tmp_path / "dataset.jsonl")
    assert Dataset.load(tmp_path / "dataset.jsonl") == of_ann
    assert of_ann.held_out_examples == (Example("three", id="2", handle="ann"),)


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("a lamp", 6),
        ("Straße", 6),
        ("灯塔的雾", 8),
        ("灯台のきり", 10),
        ("キリ", 4),
        ("등대 안개", 9),
        ("หมอก", 4),
        ("ok 灯 🚀", 7),
    ],
)
def test_characters_that_say_more_count_double(text: str, characters: int) -> None:
    assert characters_of([text, ""]) == characters
    refuse_too_little("ann", kept(text, ""), characters)
    with pytest.raises(TooLittleData, match=f"only {characters} characters"):
        refuse_too_little("ann", kept(text, ""), characters + 1)


def test_too_few_characters_are_refused_with_both_numbers() -> None:
    with pytest.raises(
        TooLittleData, match="ann: only 8 characters are left after cleaning and training needs 9"
    ) as no:
        refuse_too_little("ann", kept("abcd", "efgh"), 9)
    assert no.value.characters == 8
    refuse_too_little("ann", kept("abcd", "efgh"), 8)


@pytest.mark.parametrize("deduplicate", [True, False])
def test_a_data_set_of_too_little_is_refused_whatever_was_left_out_before(deduplicate: bool) -> None:
    settings = TrainingSettings(deduplicate=deduplicate, min_characters=8)
    for tweets in ([], kept("abcdefgh"), kept("abc", "efgh")):
        with pytest.raises(TooLittleData, match="bob: only"):
            make({"ann": kept("abcdef", "ghijkl"), "bob": tweets}, settings)


def test_a_single_tweet_is_refused_however_long() -> None:
    with pytest.raises(TooLittleData):
        refuse_too_little("ann", kept("x" * 10_000), 10)


def words(*numbers: int) -> list[Kept]:
    """Tweets that are no copies of each other."""
    return [
        Kept(str(number), None, f"tweet number {number} says {number * 7} and {number * 31}", False)
        for number in numbers
    ]


def test_what_was_held_out_stays_so_and_the_latest_new_ones_fill_up() -> None:
    before = split_by_time(words(*range(20)), 0.1)
    after = split_by_time(words(*range(40)), 0.1, before)
    assert after.held_out[:2] == before.held_out
    assert after.held_out[2:] == tuple(tweet.text for tweet in words(38, 39))
    assert set(before.learned) <= set(after.learned)


def test_what_was_learned_before_is_never_held_out() -> None:
    before = Dataset.of_texts(tuple(tweet.text for tweet in words(*range(10, 20))), ("gone meanwhile",))
    after = split_by_time(words(*range(5), *range(10, 20)), 0.2, before)
    assert not {*after.held_out} & {*before.learned}
    assert after.held_out == tuple(tweet.text for tweet in words(2, 3, 4))


def test_without_anything_new_or_held_out_before_the_latest_are_held_out() -> None:
    before = Dataset.of_texts(tuple(tweet.text for tweet in words(*range(20))), ("gone meanwhile",))
    assert split_by_time(words(*range(20)), 0.1, before).held_out == (words(19)[0].text,)


def reworded(tweets: Sequence[Kept], prefix: str = "as I said, ") -> list[Kept]:
    """The same tweets, as another cleaning rule would leave them."""
    return [replace(tweet, text=f"{prefix}{tweet.text.upper()}") for tweet in tweets]


def ids(examples: Sequence[Example]) -> list[str]:
    return [example.id for example in examples]


@given(
    st.lists(st.integers(0, 60), min_size=4, max_size=30, unique=True),
    st.lists(st.integers(0, 60), max_size=30, unique=True),
    st.floats(0.05, 0.5),
)
def test_a_changed_cleaning_rule_moves_no_tweet_from_one_side_to_the_other(
    first: list[int], added: list[int], share: float
) -> None:
    before = split_by_time(words(*sorted(first)), share, handle="ann")
    tweets = words(*sorted({*first, *added}))
    after = split_by_time(reworded(tweets), share, before, "ann")
    assert set(ids(before.held_out_examples)) <= set(ids(after.held_out_examples))
    assert not set(ids(before.learned_examples)) & set(ids(after.held_out_examples))
    assert not set(ids(before.held_out_examples)) & set(ids(after.learned_examples))


def test_a_changed_cleaning_rule_moves_no_tweet_of_several_people_with_the_same_ids() -> None:
    ann, bob = words(*range(30)), [replace(tweet, text=tweet.text[::-1]) for tweet in words(*range(25))]
    before = make({"ann": ann, "bob": bob}, SETTINGS)
    after = make({"ann": reworded(ann), "bob": reworded(bob)}, SETTINGS, before)
    places = [{(one.handle, one.id) for one in dataset.held_out_examples} for dataset in (before, after)]
    assert places[0] == places[1]
    assert {("ann", "25"), ("bob", "24")} <= places[0], "the number 25 is learned of nobody"
    assert ("ann", "24") in places[0]


def test_a_data_set_from_before_ids_were_kept_still_says_by_its_texts_what_was_held_out(tmp_path: Path) -> None:
    tweets = words(*range(20))
    rows = [
        {"part": "held_out" if number in (4, 9) else "learned", "text": tweet.text}
        for number, tweet in enumerate(tweets)
    ]
    (tmp_path / "dataset.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = Dataset.load(tmp_path / "dataset.jsonl")
    assert len(before.learned) == 18
    after = split_by_time(words(*range(40)), 0.1, before, "ann")
    assert ids(after.held_out_examples) == ["4", "9", "38", "39"]
    assert not set(before.learned) & set(after.held_out)
    later = split_by_time(reworded(words(*range(40))), 0.1, after, "ann")
    assert ids(later.held_out_examples) == ["4", "9", "38", "39"], "from then on the ids are known"


def test_a_table_whose_dates_were_corrected_is_known_by_its_texts() -> None:
    tweets = words(*range(20))
    before = split_by_time(tweets, 0.2, handle="ann")
    derived = [replace(tweet, id=f"derived{tweet.id}") for tweet in tweets]
    after = split_by_time(derived, 0.2, before, "ann")
    assert (after.learned, after.held_out) == (before.learned, before.held_out)


def test_texts_without_ids_have_derived_ones() -> None:
    dataset = Dataset.of_texts(["a", "b", "a"], ["c"])
    some = ids(dataset.learned_examples + dataset.held_out_examples)
    assert len(set(some)) == 4
    assert all(map(is_derived, some))
    assert (dataset.learned, dataset.held_out) == (("a", "b", "a"), ("c",))


def test_held_out_tweets_that_were_deleted_are_gone() -> None:
    before = split_by_time(words(*range(20)), 0.2)
    after = split_by_time(words(*range(18)), 0.2, before)
    assert after.held_out[:2] == before.held_out[:2]
    assert not {*before.held_out[2:]} & {*after.texts}


SETTINGS = TrainingSettings(min_characters=1, held_out=0.2)
REPEATED = "the lamp was lit at dusk and nobody came"


def test_near_copies_are_learned_once_unless_the_settings_say_so() -> None:
    tweets = kept(REPEATED, "x y z", f"{REPEATED}!", "a b c", REPEATED.upper(), "d e f", "g h i")
    once = make({"ann": tweets}, SETTINGS)
    assert once.texts == (REPEATED, "x y z", "a b c", "d e f", "g h i")
    assert once.repeated is once
    again = make({"ann": tweets}, SETTINGS.model_copy(update={"deduplicate": False}))
    assert len(again.learned) == 6


def test_somebody_who_only_repeats_themselves_has_too_little() -> None:
    tweets = kept(*[REPEATED] * 50)
    with pytest.raises(TooLittleData, match="ann: only 40 characters"):
        make({"ann": tweets}, SETTINGS.model_copy(update={"min_characters": 100}))


def test_a_refusal_says_what_became_of_all_tweets() -> None:
    tweets = kept(*[REPEATED] * 50, "x y z")
    counts = {"ann": Counts(downloaded=60, retweets=5, short=4)}
    became = (
        "(60 downloaded - 5 retweets - 4 short = 51 kept, of which 2 remain without near-copies and unwanted replies)"
    )
    with pytest.raises(TooLittleData) as refused:
        make({"ann": tweets}, SETTINGS.model_copy(update={"min_characters": 100}), counts=counts)
    assert became in str(refused.value)
    assert refused.value.counts == counts["ann"]


def test_several_people_are_learned_in_equal_parts(tmp_path: Path) -> None:
    long, short = words(*range(100, 130)), words(*range(4))
    dataset = make({"ann": long, "bob": short}, SETTINGS)
    characters = [sum(map(len, part)) for part in _parts(dataset.repeated.learned, {tweet.text for tweet in short})]
    assert abs(characters[0] - characters[1]) < 60
    assert set(dataset.repeated.learned) == set(dataset.learned)
    assert dataset.held_out[-1] == short[-1].text
    dataset.save(tmp_path / "dataset.jsonl")
    assert Dataset.load(tmp_path / "dataset.jsonl") == dataset


def _parts(texts: Sequence[str], of_second: set[str]) -> tuple[list[str], list[str]]:
    return [text for text in texts if text not in of_second], [text for text in texts if text in of_second]


@given(st.lists(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=9), min_size=1, max_size=4))
def test_balancing_gives_everybody_as_many_characters_as_the_longest(people: list[list[str]]) -> None:
    goal = max(sum(map(len, texts)) for texts in people)
    for texts, times in zip(people, balance(people), strict=True):
        assert max(times) - min(times) <= 1
        total = sum(len(text) * n for text, n in zip(texts, times, strict=True))
        assert goal <= total < goal + max(map(len, texts))


def test_the_discriminator_is_shown_half_of_what_is_held_out_and_always_the_same_half() -> None:
    texts = sentences(200, seed=4)
    data = Dataset.of_texts(texts[:100], texts[100:])
    assert sorted([*data.shown, *data.unseen]) == sorted(data.held_out)
    assert 30 < len(data.shown) < 70
    later = Dataset.of_texts(texts[:50], [*reversed(texts[120:]), "something new"])
    assert not set(later.shown) & set(data.unseen)
    assert not set(later.unseen) & set(data.shown)


def test_contexts_go_with_their_replies_and_are_no_texts_of_the_person(tmp_path: Path) -> None:
    tweets = [replace(one, context=f"what of {one.id}?", said_by="x:9") for one in words(*range(20))]
    dataset = make({"ann": tweets}, SETTINGS)
    assert dataset == make({"ann": tweets}, SETTINGS)
    assert {one.context for one in dataset.learned_examples} <= {f"what of {tweet.id}?" for tweet in tweets}
    assert len(dataset.held_out_pairs) == len(dataset.held_out)
    assert not any("what of" in text for text in dataset.texts)
    bare = make({"ann": words(*range(20))}, SETTINGS)
    assert (bare.learned, bare.held_out, bare.held_out_pairs) == (dataset.learned, dataset.held_out, ())
    dataset.save(tmp_path / "dataset.jsonl")
    assert Dataset.load(tmp_path / "dataset.jsonl") == dataset

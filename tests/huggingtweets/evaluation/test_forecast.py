"""What is said before a learning: whether the base can write these tweets, and how far so many characters go."""

import pytest

from huggingtweets.evaluation.forecast import forecast

ENGLISH = frozenset({"en"})


def test_tweets_in_another_language_than_the_base_writes_are_warned_of() -> None:
    expected = forecast(100_000, 40_000, {"es": 0.82, "en": 0.18}, ENGLISH)
    assert expected.warning == (
        "These tweets are mostly Spanish (82%); this base writes English: choose one that writes Spanish and English "
        "with --base, such as hub:Qwen/Qwen3-0.6B-Base or hub:HuggingFaceTB/SmolLM3-3B-Base."
    )
    assert expected.for_people.startswith(
        "These tweets are mostly Spanish (82%), and what I know of language so far is English, so the voice will "
        "hardly make sense. Whoever runs me can let it begin with a model that writes Spanish and English, such as "
        "Qwen/Qwen3-0.6B-Base."
    )


def test_a_small_base_is_named_for_an_account_of_one_language() -> None:
    expected = forecast(100_000, 40_000, {"de": 0.97}, ENGLISH)
    assert "with --base, such as hub:dbmdz/german-gpt2 or hub:Qwen/Qwen3-0.6B-Base." in expected.warning
    assert "a model that writes German, such as dbmdz/german-gpt2." in expected.for_people


def test_a_base_of_another_language_does_not_fit_english_tweets() -> None:
    expected = forecast(100_000, 40_000, {"en": 1.0}, frozenset({"es"}))
    assert (
        "this base writes Spanish: choose one that writes English with --base, such as smollm2 or " in expected.warning
    )
    assert "a model that writes English, such as smollm2." in expected.for_people


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        ({"en": 0.7, "es": 0.3}, "30% of these tweets are Spanish;"),
        ({"ja": 0.5, "en": 0.3, "pt": 0.2}, "These tweets are mostly Japanese and Portuguese (70%);"),
        ({"de": 0.4, "fr": 0.35, "it": 0.25}, "These tweets are mostly German, French and Italian (100%);"),
    ],
)
def test_the_share_and_the_languages_are_named(languages: dict[str, float], said: str) -> None:
    assert forecast(100_000, 40_000, languages, ENGLISH).warning.startswith(said)


@pytest.mark.parametrize(
    ("languages", "base_languages"),
    [
        ({"en": 1.0}, {"en"}),
        ({"en": 0.8, "es": 0.2}, {"en"}),  # quotations
        ({"es": 1.0}, {"en", "es"}),
        ({"es": 1.0}, set()),  # nobody knows what this base writes, or it writes very many
        ({}, {"en"}),  # no language is certain
    ],
)
def test_nothing_is_said_of_a_language_that_the_base_may_write(
    languages: dict[str, float], base_languages: set[str]
) -> None:
    expected = forecast(100_000, 40_000, languages, base_languages)
    assert expected.warning == ""
    assert expected.for_people.startswith("There is as much text")


@pytest.mark.parametrize(
    ("characters", "said"),
    [
        (
            9_500,
            "as in about 100 tweets: that teaches about half of what a thousand tweets do, so the voice will be faint",
        ),
        (28_500, "as in about 300 tweets: that teaches most of what a thousand tweets do"),
        (95_000, "as in about 1,000 tweets: that is enough for the words and the topics"),
        (285_000, "as in about 3,000 tweets: that is plenty"),
    ],
)
def test_how_far_so_many_characters_go_is_said_in_words(characters: int, said: str) -> None:
    assert said in forecast(characters, 0, {}, ENGLISH).for_people


def test_few_characters_and_a_foreign_language_are_both_warned_of() -> None:
    warning = forecast(9_000, 40_000, {"fr": 1.0}, ENGLISH).warning
    assert "choose one that writes French" in warning
    assert warning.endswith("9,000 characters are few: the voice will be faint below 40,000.")

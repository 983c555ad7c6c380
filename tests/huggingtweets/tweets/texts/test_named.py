"""Names of people go out of what was said, and words that only look like names stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.tweets.learned.clean import as_typed_context
from huggingtweets.tweets.texts.named import common_words, without_names


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann, ask Will about it", ", ask about it"),
        ("ann, are you there?", ", are you there?"),
        ("good night, coffee", "good night,"),
        ("good night, Coffee!", "good night, !"),
        ("I met Coffee today", "I met today"),
        ("May I ask May a thing in May?", "May I ask a thing in ?"),
        ("xX_dark_Xx and XX_DARK_XX said so", "and said so"),
        ("hey ann smith, and then Smith", "hey , and then"),
        ("ask ANN", "ask"),
        ("田中さん、元気?", "さん、元気?"),
    ],
)
def test_names_of_people_around_go_where_they_are_used_as_names(text: str, left: str) -> None:
    around = ["Ann", "Will", "Coffee", "May", "xX_dark_Xx", "Ann Smith", "田中"]
    assert without_names(text, [], around) == left


@pytest.mark.parametrize(
    "text",
    [
        "will you come?",
        "Will you come?",
        "I like coffee a lot",
        "Coffee is good. Coffee is life",
        "the end of the mark",
        "annual plans with bobsleds",
        "so it is: rose or not",
        "I may go, but will not stay",
        "me and you",
        "a cat",
        "hope is all we have",
    ],
)
def test_words_that_are_also_names_stay(text: str) -> None:
    around = ["Will", "Coffee", "The", "Mark", "Ann", "Bob", "Rose", "May", "Me", "A", "Cat", "Hope"]
    assert without_names(text, [], around) == text


def test_who_wrote_or_is_mentioned_goes_in_any_case_unless_the_word_is_common() -> None:
    assert without_names("ann and ANN said coffee", ["Ann", "coffee"]) == "and said"
    assert without_names("will you say what Will said", ["Will"]) == "will you say what said"
    assert as_typed_context(["Ann, ask Bob", "well, will he?"], ["Ann"], ["Bob", "Will"]) == ", ask\nwell, will he?"


def test_common_words_are_those_of_several_languages() -> None:
    assert {"the", "will", "und", "pour", "que", "hope"} <= common_words()
    assert not {"ann", "keeper", "brindle", "coffee"} & common_words()


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=4), st.lists(st.text(max_size=12), max_size=4))
def test_nothing_is_added_whatever_people_are_called(text: str, names: list[str], around: list[str]) -> None:
    left = without_names(text, names, around)
    assert left == " ".join(left.split())
    assert len(left) <= len(text)


@pytest.mark.parametrize(
    "name",
    [
        "**bold** @everyone <@1> \u202eevil 🦊",
        "Ann\u202e",
        "Tom & Jerry",
        "<3 Ann",
        "🦊" * 32,
        "Anneke https://a.example",
    ],
)
def test_a_name_goes_although_cleaning_changes_it(name: str) -> None:
    """Marks, links and handles are gone from a text before names are looked for."""
    assert as_typed_context([f"what of {name} then?"], {name}).replace(" ", "") == "whatofthen?"
    assert as_typed_context([f"ask {name}, and the fog"], (), {name}) != f"ask {name}, and the fog"

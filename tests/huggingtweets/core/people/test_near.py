"""A typing error in a name, or a part of it, is answered with the name that was meant."""

import pytest

from huggingtweets.core.people.near import did_you_mean, nearest

KNOWN = ("nasa", "neiltyson", "elonmusk", "elonmuskxao", "dril", "ann", "nasa-neiltyson")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("naza", "nasa"),
        ("nsaa", "nasa"),
        ("nassa", "nasa"),
        ("@NAZA", "nasa"),
        ("elonmsk", "elonmusk"),
        ("elon", "elonmusk"),
        ("neil", "neiltyson"),
        ("tyson", "neiltyson"),
        ("drill", "dril"),
        ("anm", "ann"),
    ],
)
def test_the_nearest_name_comes_first(typed: str, first: str) -> None:
    assert nearest(typed, KNOWN)[0] == first


@pytest.mark.parametrize("typed", ["", "a", "xyz", "na", "beyonce", "who", "pizza", "nasa" * 20])
def test_nothing_is_near_to_what_is_far(typed: str) -> None:
    assert nearest(typed, KNOWN) == []
    assert did_you_mean(typed, KNOWN) == ""


def test_a_name_is_not_near_to_itself() -> None:
    assert "nasa" not in nearest("nasa", KNOWN)


def test_the_question_names_at_most_three() -> None:
    assert did_you_mean("elon", KNOWN) == "Did you mean elonmusk or elonmuskxao?"
    assert did_you_mean("ann1", [f"ann{number}" for number in range(9)]) == "Did you mean ann0, ann2 or ann3?"

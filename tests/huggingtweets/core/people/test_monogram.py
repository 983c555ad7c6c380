"""One or two letters, or an emoji, stand for whoever has no picture."""

import pytest

from huggingtweets.core.people.monogram import monogram


@pytest.mark.parametrize(
    ("name", "handle", "letters"),
    [
        ("Hester Brindle", "keeper_brindle", "HB"),
        ("nasa", "nasa", "N"),
        ("keeper_brindle", "keeper_brindle", "KB"),
        ("Ann (she/her)", "ann", "A"),
        ("  «émile»", "ann", "É"),
        ("🌟 star", "ann", "🌟"),
        ("!!!", "ann_bee", "AB"),
        ("", "ann", "A"),
        ("\u202e\u200b", "", "?"),
        ("Анна Каренина", "", "АК"),
        ("山田 太郎", "", "山太"),
        ("𝓐𝓷𝓷", "", "A"),
        ("Jean-Luc van der Berg", "", "JL"),
        ("<b>x</b>", "", "B"),
    ],
)
def test_a_name_has_a_monogram(name: str, handle: str, letters: str) -> None:
    assert monogram(name, handle) == letters

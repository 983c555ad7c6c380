"""What a backup has in it is told in words."""

import pytest

from bot.keeping.contents import contents_in_words


@pytest.mark.parametrize(
    ("voices", "accounts", "words"),
    [
        (0, 1, ("0 voices", "the tweets of 1 account")),
        (1, 0, ("1 voice", "the tweets of 0 accounts")),
        (1_200, 2, ("1,200 voices", "the tweets of 2 accounts")),
    ],
)
def test_one_is_not_called_many(voices: int, accounts: int, words: tuple[str, str]) -> None:
    assert contents_in_words(voices, accounts) == words

"""No real tweet with an unwanted word is shown beside a drawn one. The words of a server are parsed as people type."""

import pytest

from bot.voices.server_words import parsed
from bot.voices.voting import comparable
from huggingtweets.core.errors import Usage
from huggingtweets.generation.unwanted import ListedWords

UNWANTED = (ListedWords(["spam"]),)


def test_a_real_tweet_with_an_unwanted_word_is_passed_over() -> None:
    shown = {comparable("about so long", ["spam is here", "a fine day", "sp4m"], UNWANTED) for _ in range(50)}
    assert shown == {"a fine day"}
    with pytest.raises(Usage, match="no tweets to compare"):
        comparable("so", ["s p a m"], UNWANTED)


def test_words_are_parted_by_commas_and_each_is_kept_once() -> None:
    assert parsed(" Spam,two  words ,, Spam, heck*") == ["Spam", "two words", "heck*"]
    assert parsed(" - ") == []

"""One definition of an emoji holds wherever emoji are counted, weighed, drawn or refused."""

import pytest

from huggingtweets.core.text.characters import emoji_in, is_emoji
from huggingtweets.generation.checks import LengthCheck, weighted_length
from huggingtweets.pictures.render import _emoji_file


def test_the_emoji_of_a_text_are_whole_graphemes() -> None:
    assert emoji_in("a 👩🏽‍🚀 and 🇮🇪, 3️⃣ of ❤️ #1 * 5 ok ‼ ™ ‼️") == ["👩🏽‍🚀", "🇮🇪", "3️⃣", "❤️", "‼️"]


@pytest.mark.parametrize("emoji", ["🚀", "❤", "☀️", "🇮🇪", "👍🏽", "🏽", "#️⃣", "©️", "‼️", "ℹ️", "👨‍👩‍👧"])
def test_an_emoji_is_one_to_every_part_of_the_product(emoji: str) -> None:
    assert is_emoji(emoji)
    assert weighted_length(emoji) == 2
    assert LengthCheck()(emoji) is None
    assert _emoji_file(emoji)


@pytest.mark.parametrize("sign", ["©", "®", "™", "‼", "⁉", "ℹ", "↔", "▪", "〰", "1", "#", "a", "日", "!"])
def test_a_sign_that_is_text_is_text_to_every_part_of_the_product(sign: str) -> None:
    assert not is_emoji(sign)
    assert emoji_in(f"a {sign} b") == []
    assert _emoji_file(sign) is None
    assert weighted_length(sign) == (1 if sign in "©®1#a!" else 2)

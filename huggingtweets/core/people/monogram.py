"""What stands for a person without a picture: one or two letters of their name, or an emoji.

Knows names. Does not know how letters are shown.
"""

import unicodedata

import regex

from huggingtweets.core.text.characters import is_emoji
from huggingtweets.core.text.visible import seen

_BETWEEN_WORDS = regex.compile(r"[\s_.-]+")
_LETTER = regex.compile(r"\p{L}\p{M}*|\p{N}")


def monogram(name: str, handle: str = "") -> str:
    """`HB` for Hester Brindle, `N` for nasa, `🌟` for 🌟 star. If the name has nothing of that, the handle's."""
    name = unicodedata.normalize("NFKC", seen(name))
    first = next((one for one in regex.findall(r"\X", name) if _LETTER.match(one) or is_emoji(one)), "")
    if first and not _LETTER.match(first):
        return first
    letters = [letter[0] for word in _BETWEEN_WORDS.split(name) if (letter := _LETTER.match(word))] or [first]
    return "".join(letters[:2]).upper() or (monogram(handle) if handle else "?")

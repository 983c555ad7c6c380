"""What stands in texts and must mean the same everywhere: the mark between training texts, and emoji.

Knows characters. Does not know tweets, tokenizers or pictures.
"""

import regex

END_OF_TEXT = "<|endoftext|>"  # GPT-2's only special token: it parts tweets, so no tweet may contain it
# What tools that write training texts for GPT-2 put between `<|` and `|>`, around each text; any case.
BORDER_WORD = r"(?:start|begin|end)_?of_?text"

# A grapheme that is shown as an emoji begins with one of these: a pictograph, a flag, a skin tone or a keycap.
EMOJI = r"(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[0-9#*]\ufe0f?\u20e3)"
# Pictographs by Unicode's list, but alone they are shown as text. A variation selector after them makes them emoji.
TEXT_SIGNS = frozenset("©®™‼⁉ℹ↔↕↖↗↘↙▪▫◻◼〰〽")
_EMOJI = regex.compile(EMOJI)


def is_emoji(grapheme: str) -> bool:
    """Returns True if `grapheme` is shown as an emoji."""
    return grapheme not in TEXT_SIGNS and _EMOJI.match(grapheme) is not None


def emoji_in(text: str) -> list[str]:
    """The emoji of `text`, in order, each a whole grapheme."""
    return [grapheme for grapheme in regex.findall(r"\X", text) if is_emoji(grapheme)]

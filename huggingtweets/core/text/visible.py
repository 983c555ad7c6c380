"""What can be seen of a text. The lists of characters that cannot be seen stand here, and nowhere else.

Knows Unicode. Does not know what a text is for.
"""

import regex

from huggingtweets.core.text.whole_text import whole

# Unicode's list of what is not shown, with the controls of bidirectional text (U+202E, U+2066) among them, and the
# anchors of annotations. What makes one emoji of several, or joins letters (Persian, Hindi), stays where it does that.
_INVISIBLE = regex.compile(
    r"(?:\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    r"|(?<=[\p{Extended_Pictographic}0-9#*])[\ufe0e\ufe0f]"
    r"|(?<=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])(?<![\p{Latin}\p{Greek}\p{Cyrillic}])[\u200c\u200d](?=[\p{L}\p{Extended_Pictographic}]))"
    r"(*SKIP)(*FAIL)|[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]"
)
_NOT_TYPED = regex.compile(r"[\p{Cc}\p{Cs}]")
# Control characters except white space, halves of characters, byte order marks, and marks that turn the direction of
# text. What else cannot be seen belongs to how people write, so a voice learns it.
_NOBODYS = regex.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\p{Cs}\ufeff\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """`text` without the characters that nobody sees, with which it can be made to read as what it is not."""
    return _INVISIBLE.sub("", text)


def seen(text: str) -> str:
    """`text` without invisible characters and halves of characters. Its blanks stay; a control becomes one."""
    return visible(_NOT_TYPED.sub(" ", whole(text)))


def typed(text: str) -> str:
    """What somebody typed, on one line: `seen`, with single blanks between words."""
    return " ".join(seen(text).split())


def written(text: str) -> str:
    """`text` without the characters that programs leave in it and nobody writes."""
    return _NOBODYS.sub("", text)

"""A long text in parts, each short enough for one post with its label: a thread.

A part ends where a sentence ends, else between two words. Nothing is lost but the blanks between parts.

Knows strings. Does not know networks, or how parts are posted.
"""

import regex

from bot.core.post_text.ai_label import TOO_LONG, Fits
from bot.core.post_text.room import Room, room_on_x
from huggingtweets.core.text.phrases import Phrase

_WORDS = regex.compile(
    r"(?:[^\s。！？]+[。！？]*|[。！？]+)\s*"
)  # Japanese and Chinese have no blanks between sentences
_SENTENCE_ENDS = regex.compile(r"""[.!?…。！？]["'”’)\]]*$""")


def parts_of(text: str, label: str, most: int, has_room: Room = room_on_x) -> list[str]:
    """Returns `text` in at most `most` parts that fit with `label`. Returns nothing if that cannot be."""
    fits = Fits(label, has_room)
    parts: list[str] = []
    rest = text.strip()
    while rest and len(parts) < most:
        if not fits(rest):
            return [*parts, rest]
        part = _longest_part(rest, fits)
        if not part:
            return []
        parts.append(part.rstrip())
        rest = rest[len(part) :].lstrip()
    return [] if rest else parts


def _longest_part(text: str, fits: Fits) -> str:
    """The longest beginning that fits and ends with a sentence, or else with a word; empty if no word fits."""
    ends = [match.end() for match in _WORDS.finditer(text)]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text[: ends[middle - 1]].rstrip()):
            high = middle - 1
        else:
            low = middle
    fitting = [text[:end] for end in ends[:low]]
    sentences = [part for part in fitting if _SENTENCE_ENDS.search(part.rstrip())]
    # A sentence that ends early would leave most of a post unused.
    if sentences and fitting and 2 * len(sentences[-1]) >= len(fitting[-1]):
        return sentences[-1]
    return fitting[-1] if fitting else ""


class FitsAThread:
    """Refuses a text that is too long for a thread of so many parts."""

    def __init__(self, label: str, most: int, has_room: Room = room_on_x):
        self._label, self._most, self._has_room = label, most, has_room

    def __call__(self, text: str) -> str | None:
        """Returns why a text does not fit, or None if it does. An empty text is refused elsewhere."""
        if not text.strip() or parts_of(text, self._label, self._most, self._has_room):
            return None
        return TOO_LONG if self._label else Phrase("too long")

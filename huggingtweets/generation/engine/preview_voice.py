"""The voice of somebody who has not been learned yet: their own texts, and the base model that they are mixed with.

Knows names and texts. Does not know tokens, how the mixture is computed (see `habits`) or who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from huggingtweets.core.errors import TooLittleData
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Counts
from huggingtweets.registry.blend import Voice

PREVIEW = "preview"  # in the place of a version's number, so that people see what the tweets were drawn with
MIN_CHARACTERS = 500
MAX_TEXTS = 2_000  # the latest ones; more of them change little and take longer to count


@dataclass(frozen=True, slots=True)
class PreviewVoice:
    """`texts` are the person's own, clean, the oldest first."""

    name: VoiceName
    base: str
    texts: tuple[str, ...] = field(repr=False)
    version: ClassVar[str] = PREVIEW


Drawable = Voice | PreviewVoice


def preview_voice(name: VoiceName, texts: Sequence[str], base: str, counts: Counts | None = None) -> PreviewVoice:
    """The preview voice of `name`. Raises `TooLittleData`, with `counts`: what became of all their tweets."""
    characters = sum(map(len, texts))
    if characters < MIN_CHARACTERS:
        raise TooLittleData(name, characters, MIN_CHARACTERS, counts)
    return PreviewVoice(name, base, tuple(texts))

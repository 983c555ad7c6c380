"""How long something still takes, in words.

Knows seconds. Does not know what takes so long.
"""

import math

from huggingtweets.core.text.phrases import Phrase


def time_left_in_words(seconds: float) -> Phrase:
    """`seconds` in whole minutes, rounded up."""
    minutes = math.ceil(seconds / 60)
    return Phrase("less than a minute left") if minutes <= 1 else Phrase("about {minutes} min left", minutes=minutes)

"""What somebody may choose about how tweets are drawn: how daring they are, how long, and a seed to see them again.

All that asks for tweets takes these bounds from here: commands, the command line, the API for programs, the page.

Knows numbers and words. Does not know voices, or how anything is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.5, 1.5
MAX_SEED = 2**32 - 1
MAX_CHARACTERS = 100_000  # more than any text has
Length = Literal["usual", "shorter", "longer"]
LENGTHS: tuple[Length, ...] = get_args(Length)

# For whoever chooses. Discord shows at most 100 characters.
TEMPERATURE_MEANS = "how daring: 0.5 is tame, 1 is usual, 1.5 is wild"
SEED_MEANS = "a number: the same one gives the same tweets again, as long as the voice learns nothing new"
LENGTH_MEANS = "shorter or longer than half of the person's tweets"


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """How tweets are drawn. By default, as the settings say. Raises `Usage` for what is out of bounds.

    `temperature` divides the scores of the tokens. A draft of "shorter" tweets has at most as many characters as the
    median of what the person wrote, a draft of "longer" ones at least as many. If too few are like that, others fill
    up. Tokens are drawn among the likeliest ones that make up the share `top_p`. A text that goes on is cut after
    `max_tokens` tokens, and before the first of `stops`.

    The same `seed` gives the same tweets again. It gives others after the voice has learned anew, after a change of
    the settings of drawing or of blocked words, for the preview of a voice whose tweets have changed, and on another
    kind of processor: on a GPU, or without the kernels, the logits of a row depend a little on the other rows.
    """

    temperature: float | None = None
    length: Length = "usual"
    seed: int | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        low, high = LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE
        # A number that is none (NaN) is not between the bounds either.
        if self.temperature is not None and not low <= self.temperature <= high:
            raise Usage(
                Phrase(
                    "A temperature is {low:g} (tame) to {high:g} (wild), not {temperature:g}.",
                    low=low,
                    high=high,
                    temperature=self.temperature,
                )
            )
        if self.length not in LENGTHS:
            raise Usage(
                Phrase(
                    "Tweets can be {lengths:or}, not {length}.", lengths=LENGTHS, length=quoted(str(self.length), 40)
                )
            )
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise Usage(Phrase("A seed is a whole number from 0 to {most}, not {seed}.", most=MAX_SEED, seed=self.seed))
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise Usage(f"A share of the likeliest words is above 0 and at most 1, not {self.top_p:g}.")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise Usage(f"A tweet has at least 1 token, not {self.max_tokens}.")
        if not all(self.stops):
            raise Usage("A text before which a tweet ends cannot be empty.")

    @property
    def unseeded(self) -> Self:
        """The same choices for other tweets."""
        return replace(self, seed=None)

    @property
    def as_json(self) -> dict[str, Any]:
        """The choices that are not the usual ones."""
        usual = DrawingOptions()
        every = {name: getattr(self, name) for name in ("temperature", "length", "seed")}
        return {name: value for name, value in every.items() if value != getattr(usual, name)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The choices in `row`. Those that a later version of this software knows are left out."""
        return cls(**{name: row[name] for name in ("temperature", "length", "seed") if name in row})


AS_USUAL = DrawingOptions()


def of_length(length: Length, typical: float, prompt: str) -> range:
    """The numbers of characters that a tweet of `length` may have, if the person's have `typical`.

    A start that somebody has typed is part of the tweet. Half of a typical tweet may always follow it.
    """
    characters = min(round(typical), MAX_CHARACTERS)
    match length:
        case "shorter":
            return range(max(characters, len(prompt) + characters // 2) + 1)
        case "longer":
            return range(characters, MAX_CHARACTERS + 1)
        case _:
            return range(MAX_CHARACTERS + 1)


def before_a_stop(text: str, begin: int, stops: tuple[str, ...]) -> str:
    """`text` up to the first of `stops` that stands at `begin` or later."""
    places = [place for stop in stops if (place := text.find(stop, begin)) >= 0]
    return text[: min(places)] if places else text

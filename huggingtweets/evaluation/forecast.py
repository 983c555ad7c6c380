"""What can be expected of a voice before it is learned: from how much there is to learn, and in which languages.

Nothing is refused for its language: a forecast may be wrong, and whoever asked may want the voice all the same.

Knows characters, languages and words for people. Does not know tweets, models or settings.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from huggingtweets.core.text.phrases import Phrase
from huggingtweets.model.suggested_bases import HUB, bases_for
from huggingtweets.tweets.style.languages import language_name

FOREIGN_SHARE = 0.25  # of the tweets, in languages that the base does not write; fewer are quotations, or misjudged
MOSTLY = 0.5
CHARACTERS_OF_A_TWEET = 95  # once it is clean; the mean of ten accounts
# Up to so many characters, and what they teach. Measured on the embedded base with three accounts: the held-out loss
# falls below the bare base's by 10 % with 100 tweets, 16 % with 540 and 19 % with 900 (benchmarks/README.md).
AMOUNTS = (
    (20_000, Phrase("that teaches about half of what a thousand tweets do, so the voice will be faint")),
    (60_000, Phrase("that teaches most of what a thousand tweets do, and more tweets would still help much")),
    (150_000, Phrase("that is enough for the words and the topics, and more tweets still help a little")),
)
PLENTY = Phrase("that is plenty, and more tweets would help little")


@dataclass(frozen=True, slots=True)
class Forecast:
    """`warning` is for whoever runs this; empty if nothing is amiss. `for_people` is one or two everyday sentences."""

    warning: str
    for_people: Phrase


def forecast(
    characters: int, enough_characters: int, languages: Mapping[str, float], base_languages: Set[str]
) -> Forecast:
    """What to expect of so many characters, if tweets of these `languages`, by their shares, are learned.

    `base_languages` are what the base writes; empty if that is unknown, or very many.
    """
    amount = _amount(characters)
    few = ""
    if characters < enough_characters:
        few = f"{characters:,} characters are few: the voice will be faint below {enough_characters:,}."
    foreign = _foreign(languages, base_languages)
    if not foreign:
        return Forecast(few, amount)
    theirs, wanted, own = _described(foreign), _named(languages), _named(sorted(base_languages))
    fitting = bases_for(languages.keys())
    such_as = " or ".join(base.base for base in fitting)
    language = f"{theirs}; this base writes {own}: choose one that writes {wanted} with --base, such as {such_as}."
    for_people = Phrase(
        "{theirs}, and what I know of language so far is {own}, so the voice will hardly make sense. "
        "Whoever runs me can let it begin with a model that writes {wanted}, such as {base}.",
        theirs=theirs,
        own=own,
        wanted=wanted,
        base=fitting[0].base.removeprefix(HUB),
    )
    return Forecast(" ".join(filter(None, (language, few))), Phrase.joined(" ", [for_people, amount]))


def _amount(characters: int) -> Phrase:
    tweets = max(1, round(characters / CHARACTERS_OF_A_TWEET))
    how_far = next((words for most, words in AMOUNTS if characters < most), PLENTY)
    return Phrase(
        "There is as much text to learn from as in about {count:,} tweet: {how_far}.",
        plural="There is as much text to learn from as in about {count:,} tweets: {how_far}.",
        count=tweets,
        how_far=how_far,
    )


def _foreign(languages: Mapping[str, float], base_languages: Set[str]) -> dict[str, float]:
    """The languages that the base does not write, if they are a large part of the tweets; else none."""
    if not base_languages:
        return {}
    foreign = {code: share for code, share in languages.items() if code not in base_languages}
    return foreign if sum(foreign.values()) >= FOREIGN_SHARE else {}


def _described(foreign: Mapping[str, float]) -> Phrase:
    share = sum(foreign.values())
    if share >= MOSTLY:
        return Phrase("These tweets are mostly {languages} ({share:.0%})", languages=_named(foreign), share=share)
    return Phrase("{share:.0%} of these tweets are {languages}", share=share, languages=_named(foreign))


def _named(codes: Iterable[str]) -> str:
    *others, last = map(language_name, codes)
    return f"{', '.join(others)} and {last}" if others else last

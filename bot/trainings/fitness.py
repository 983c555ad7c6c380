"""What can be expected of a voice that is being prepared: how much there is to learn, and whether the base fits.

The training says the same once it has begun. Knows judged tweets and bases. Does not know platforms.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bot.trainings.judged import Judged
from huggingtweets.core.config.base_folders import located
from huggingtweets.evaluation.forecast import forecast
from huggingtweets.model.base_languages import base_languages
from huggingtweets.tweets.kept.choices import Choices


def expected(people: Iterable[tuple[Judged, Choices]], base: str, models: Path) -> str:
    """Returns it in everyday words, if one voice of all these people begins with `base`.

    It may ask the Hub which languages a base writes, so do it on a thread.
    """
    characters, tweets = 0, Counter[str]()
    for judged, choices in people:
        characters += judged.characters(choices)
        # Each tweet counts the same, whoever wrote it.
        tweets.update({code: round(share * len(judged)) for code, share in judged.languages.items()})
    shares = {code: count / max(1, tweets.total()) for code, count in tweets.most_common()}
    return forecast(characters, 0, shares, base_languages(located(base, models))).for_people

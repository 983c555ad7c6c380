"""The features that make a person recognisable: distinctive words, emoji, hashtags, hours, lengths.

Words are ranked by the log-odds ratio with an informative Dirichlet prior, as a z-score (Monroe, Colaresi & Quinn 2008,
"Fightin' Words", equations 16, 20 and 22), against all others: the accounts known here, and how often the commonest
8,000 words stand in 4.7 million words of short English posts (`english_words.tsv`, made from the public-domain texts
that the embedded base was pre-trained on).

Names of others (@mentions) are left out. Knows cleaned tweets and counts. Does not know models, or where tweets come
from.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import cache
from pathlib import Path

import regex

from huggingtweets.core.records import JSON
from huggingtweets.core.text.characters import emoji_in
from huggingtweets.tweets.learned.clean import Kept
from huggingtweets.tweets.style.likeness import LENGTH_BIN
from huggingtweets.tweets.texts import segments
from huggingtweets.tweets.texts.words import is_unspaced

ENGLISH = Path(__file__).parent / "english_words.tsv"
PRIOR_WORDS = 500.0  # the prior weighs as much as this number of words
MIN_TEXTS = 3  # a word in fewer texts is no habit
MOST = 12
# Words that are not part of a handle or hashtag.
_WORD = regex.compile(r"(?<![\w@#])[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*(?![\w@])")
_HASHTAG = regex.compile(r"(?<![\w&])#[\p{L}\p{M}\p{N}_]*[\p{L}\p{M}][\p{L}\p{M}\p{N}_]*")


def profile(tweets: Sequence[Kept], others: Iterable[str] = ()) -> JSON:
    """The profile of the person who wrote `tweets`. `others` are texts of other people to compare with.

    `hours_utc` counts the tweets with a date by the hour of the day. `lengths` counts tweets in bins of 20 characters.
    """
    texts = [tweet.text for tweet in tweets]
    dates = sorted(tweet.created_at for tweet in tweets if tweet.created_at)
    hours = Counter(date.astimezone(UTC).hour for date in dates)
    emoji = Counter(each for text in texts for each in emoji_in(text))
    hashtags = Counter(tag.lower() for text in texts for tag in _HASHTAG.findall(text))
    lengths = Counter(len(text) // LENGTH_BIN for text in texts)
    return {
        "tweets": len(texts),
        "first": dates[0].isoformat() if dates else None,
        "last": dates[-1].isoformat() if dates else None,
        "words": [{"word": word, "z": round(z, 2), "count": count} for word, z, count in distinctive(texts, others)],
        "emoji": [{"emoji": one, "count": count} for one, count in emoji.most_common(MOST)],
        "tweets_with_emoji": round(sum(map(bool, map(emoji_in, texts))) / max(1, len(texts)), 4),
        "hashtags": [{"hashtag": tag, "count": count} for tag, count in hashtags.most_common(MOST)],
        "hours_utc": [hours[hour] for hour in range(24)] if dates else [],
        "replies": round(sum(tweet.is_reply for tweet in tweets) / max(1, len(texts)), 4),
        "characters": {
            "mean": round(statistics.fmean(map(len, texts)), 1) if texts else 0.0,
            "median": statistics.median(map(len, texts)) if texts else 0,
            "lengths": [lengths[bin_] for bin_ in range(max(lengths, default=-1) + 1)],
        },
    }


def distinctive(texts: Sequence[str], others: Iterable[str] = (), most: int = MOST) -> list[tuple[str, float, int]]:
    """(word, z-score, count) of the words that set `texts` apart from `others` and from English, strongest first."""
    ours = words_in(texts)
    theirs = words_in(others)
    english = english_words()
    theirs.update(english)
    # A word that is not in the table is at most as frequent as the rarest word in it.
    unseen = min(english.values(), default=1) / 2
    theirs_of = {word: float(theirs[word] or unseen) for word in ours}
    in_texts = Counter(word for text in texts for word in set(_words(text)))
    sizes = sum(ours.values()), sum(theirs.values())
    scored = (
        (word, log_odds_z(count, theirs_of[word], sizes[0], sizes[1]), count)
        for word, count in ours.items()
        if in_texts[word] >= MIN_TEXTS and (len(word) > 1 or is_unspaced(word))
    )
    ranked = sorted(((word, z, count) for word, z, count in scored if z > 0), key=lambda row: (-row[1], row[0]))
    return ranked[:most]


def log_odds_z(ours: float, theirs: float, our_words: float, their_words: float) -> float:
    """The z-score of a word's log-odds ratio, from its counts and the number of all words on each side.

    The prior is the word's share in both sides together, with the weight of `PRIOR_WORDS` words.
    """
    prior = PRIOR_WORDS * (ours + theirs) / (our_words + their_words)
    odds = [
        math.log((count + prior) / (words + PRIOR_WORDS - count - prior))
        for count, words in ((ours, our_words), (theirs, their_words))
    ]
    return (odds[0] - odds[1]) / math.sqrt(1 / (ours + prior) + 1 / (theirs + prior))


def words_in(texts: Iterable[str]) -> Counter[str]:
    """How often each word stands in `texts`, in lower case. Handles and hashtags are not words."""
    return Counter(word for text in texts for word in _words(text))


def _words(text: str) -> list[str]:
    plain = text.lower().replace("’", "'")
    return [*_WORD.findall(segments.spaced(plain)), *segments.words_in(plain)]


@cache
def english_words() -> Mapping[str, int]:
    """Counts of the commonest words of short English posts."""
    lines = ENGLISH.read_text(encoding="utf-8").splitlines()
    return {word: int(count) for word, count in (line.split("\t") for line in lines)}

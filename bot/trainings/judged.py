"""What becomes of each tweet before a training: it is learned, dropped for a reason, or decided by hand.

The judgement of cleaning is made once for all tweets. What is decided by hand comes on top of it, so each decision is
seen at once. Knows cleaning and choices. Does not know where tweets come from, or how they are shown.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from huggingtweets.core.records import Counts, Tweet
from huggingtweets.tweets.kept.choices import Choices
from huggingtweets.tweets.learned.clean import Dropped, cleaned, keep
from huggingtweets.tweets.learned.dataset import characters_of
from huggingtweets.tweets.style.languages import languages


class Fate(StrEnum):
    """What becomes of a tweet."""

    LEARNED = "learned"
    KEPT = "kept by hand"
    STRUCK = "struck out"
    RETWEET = "a retweet"
    SHORT = "too short"

    @property
    def is_learned(self) -> bool:
        return self in (Fate.LEARNED, Fate.KEPT)


OF_DROPPED = {Dropped.RETWEET: Fate.RETWEET, Dropped.SHORT: Fate.SHORT}


@dataclass(frozen=True, slots=True)
class JudgedTweet:
    """A tweet, the text that would be learned of it, and what becomes of it."""

    tweet: Tweet
    text: str
    fate: Fate


class Judged:
    """The tweets of one person as cleaning judges them. Making it reads all of them, so do that on a thread.

    `languages` are the shares of the languages that they are in.
    """

    def __init__(self, tweets: Sequence[Tweet], *, hide_contacts: bool):
        self._plain = Choices(hide_contacts=hide_contacts)
        self._judged = {tweet.id: self._judge(tweet) for tweet in tweets}
        self.languages: Mapping[str, float] = languages([tweet for tweet in tweets if not tweet.is_retweet])

    def __len__(self) -> int:
        return len(self._judged)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._judged

    def each(self, choices: Choices) -> Iterator[JudgedTweet]:
        """Each tweet with what becomes of it."""
        for id_, judged in self._judged.items():
            if id_ in choices.struck:
                yield JudgedTweet(judged.tweet, judged.text, Fate.STRUCK)
            elif id_ in choices.kept and not judged.fate.is_learned:
                yield self._kept(judged)
            else:
                yield judged

    def characters(self, choices: Choices) -> int:
        """How much text would be learned, in characters of Latin script."""
        return characters_of(judged.text for judged in self.each(choices) if judged.fate.is_learned)

    def counts(self, choices: Choices) -> Counts:
        """What becomes of all of them, without those that were struck out."""
        fates = Counter(judged.fate for judged in self.each(choices))
        downloaded = fates.total() - fates[Fate.STRUCK]
        return Counts(downloaded=downloaded, retweets=fates[Fate.RETWEET], short=fates[Fate.SHORT])

    def _judge(self, tweet: Tweet) -> JudgedTweet:
        verdict = keep(tweet, self._plain)
        if isinstance(verdict, Dropped):
            return JudgedTweet(tweet, cleaned(tweet.text, self._plain), OF_DROPPED[verdict])
        return JudgedTweet(tweet, verdict, Fate.LEARNED)

    def _kept(self, judged: JudgedTweet) -> JudgedTweet:
        """A tweet that somebody keeps. One without a word has nothing to learn all the same."""
        verdict = keep(judged.tweet, Choices(kept=frozenset({judged.tweet.id})))
        return judged if isinstance(verdict, Dropped) else JudgedTweet(judged.tweet, judged.text, Fate.KEPT)

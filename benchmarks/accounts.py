"""An account's tweets as the pipeline splits them, for measurements."""

from pathlib import Path

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.sources import read
from huggingtweets.tweets.learned.clean import clean_all
from huggingtweets.tweets.learned.dataset import Dataset, split_by_time


def data_set(source: Path, tweets: int = 0, held_out: float = TrainingSettings().held_out) -> Dataset:
    """The usable tweets of `source`, split by time. If `tweets` is not 0, only so many of the latest."""
    usable, _ = clean_all(sorted(read(source).tweets, key=lambda tweet: tweet.created_at))
    return split_by_time(usable[-tweets:], held_out)

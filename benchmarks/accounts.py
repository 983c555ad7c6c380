"""An account's tweets as the pipeline splits them, for measurements."""

from pathlib import Path

from huggingtweets.core.config import TrainingSettings
from huggingtweets.sources import read
from huggingtweets.tweets.clean import clean_all
from huggingtweets.tweets.dataset import Dataset, split_by_time


def data_set(source: Path, tweets: int = 0) -> Dataset:
    """The kept tweets of `source`, the latest `tweets` of them unless it is 0, split by time."""
    kept, _ = clean_all(sorted(read(source).tweets, key=lambda tweet: tweet.created_at))
    return split_by_time(kept[-tweets:], TrainingSettings().held_out)

"""The sample account has enough to learn from, and comes with the package."""

from pathlib import Path

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.sources.sample import collect_sample, sample_account
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.clean import clean_all
from huggingtweets.tweets.learned.dataset import refuse_too_little


def test_the_sample_account_can_be_trained_on(tmp_path: Path) -> None:
    store = TweetStore(tmp_path)
    collect_sample(store)
    account = sample_account()
    assert VoiceName.parse(account.handle) == account.handle
    assert store.known.account(account.handle) == account
    kept, counts = clean_all(store.tweets(account.handle))
    refuse_too_little(account.handle, kept, TrainingSettings().min_characters)
    assert counts.kept == len(kept) > 100


def test_collecting_it_twice_is_collecting_it_once(tmp_path: Path) -> None:
    store = TweetStore(tmp_path)
    collect_sample(store)
    once = store.tweets(sample_account().handle)
    collect_sample(store)
    assert store.tweets(sample_account().handle) == once

"""The sample account: a fictional person whose tweets come with the package, so that everything works on day one.

Knows two files beside it. Does not know training.
"""

import json
from pathlib import Path

from huggingtweets.core.records import Account, Collected
from huggingtweets.sources import read
from huggingtweets.tweets.kept.tweet_store import TweetStore

FOLDER = Path(__file__).parent / "sample_account"


def sample_account() -> Account:
    """The fictional person's account."""
    return Account(**json.loads((FOLDER / "account.json").read_text(encoding="utf-8")))


def first_tweets() -> list[str]:
    """Tweets that the account's voice has drawn on smollm2, with the seed 7. They were picked to make people smile."""
    texts: list[str] = json.loads((FOLDER / "first_tweets.json").read_text(encoding="utf-8"))
    return texts


def collect_sample(store: TweetStore) -> Account:
    """Put the sample account's tweets into `store`. Returns the account."""
    account = sample_account()
    store.merge(account.handle, Collected(account, read(FOLDER / "tweets.jsonl").tweets))
    return account

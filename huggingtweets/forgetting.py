"""Forgetting somebody: everything that the pipeline keeps under a name, in one place.

Knows every folder that holds something of a person. Does not know the bot's database, or what is on the Hub.
"""

import shutil

from huggingtweets import atomic
from huggingtweets.config import Settings
from huggingtweets.export import AVATAR_SUFFIXES
from huggingtweets.registry import Registry
from huggingtweets.tweet_store import TweetStore


def forget(name: str, settings: Settings) -> bool:
    """Delete the tweets, data sets, versions, exports and records of `name`; whether there was anything.

    Safe to do again after a kill. Raises `Unavailable` while a process trains this name.
    """
    had_models = Registry(settings.storage.models).forget(name)
    had_tweets = TweetStore(settings.tweets).forget(name)
    found = False
    for folder in (settings.exports / name, settings.records / name):
        if folder.exists():
            found = True
            shutil.rmtree(folder)
            atomic.sync_folder(folder.parent)
    for picture in (settings.avatars / f"{name}{suffix}" for suffix in AVATAR_SUFFIXES):
        if picture.exists():
            found = True
            picture.unlink()
    return had_models or had_tweets or found

"""Forgetting somebody: everything that the pipeline keeps under a name, in one place.

Knows every folder that holds something of a person. Does not know the bot's database, or what is on the Hub.
"""

import shutil

from huggingtweets import atomic
from huggingtweets.config import Settings
from huggingtweets.export import AVATAR_SUFFIXES
from huggingtweets.publish import leave_for_removal
from huggingtweets.registry import Registry
from huggingtweets.tracking import kept_of
from huggingtweets.tweet_store import TweetStore


def affected(name: str, settings: Settings) -> list[str]:
    """`name`, and every model that was learned from this person and others together."""
    known = [*Registry(settings.storage.models).all_names()]
    return [name, *(other for other in known if other != name and name in other.split("-"))]


def forget(name: str, settings: Settings, *, keep_published: bool = False) -> bool:
    """Delete the tweets, data sets, versions, exports and records of `name`; whether there was anything.

    The tombstone comes first, so that after a kill nothing learns from this person again. Models that others are in,
    too, go as well: nobody can be taken out of a model. What is on the Hub is left for `publish.removals`, unless it is
    to be kept there. Safe to do again after a kill. Raises `Unavailable` while a process trains one of them.
    """
    found = TweetStore(settings.tweets).forget(name)
    for other in affected(name, settings):
        if not keep_published:
            leave_for_removal(settings.storage.models, other)
        found |= Registry(settings.storage.models).forget(other)
        found |= _forget_files(other, settings)
    return found


def _forget_files(name: str, settings: Settings) -> bool:
    found = False
    pictures = [settings.avatars / f"{name}{suffix}" for suffix in AVATAR_SUFFIXES]
    for path in [settings.exports / name, *pictures, *kept_of(name, settings.records)]:
        if path.exists():
            found = True
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            atomic.sync_folder(path.parent)
    return found

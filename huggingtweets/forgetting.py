"""Forgetting somebody: everything that the pipeline keeps under a name, in one place.

Knows every folder that holds something of a person. Does not know the bot's database, or what is on the Hub.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from huggingtweets import atomic
from huggingtweets.config import Settings
from huggingtweets.export import AVATAR_SUFFIXES
from huggingtweets.publish import leave_for_removal, published
from huggingtweets.registry import Registry
from huggingtweets.tracking import kept_of, recorded
from huggingtweets.tweet_store import TweetStore


def affected(name: str, settings: Settings) -> list[str]:
    """`name`, and every model of this person and others together of which anything is left."""
    exported = (path.name for path in settings.exports.glob("*"))
    left = {*Registry(settings.storage.models).kept(), *exported, *recorded(settings.records)}
    return [name, *sorted(other for other in left if other != name and name in other.split("-"))]


def forget(name: str, settings: Settings, *, keep_published: bool = False) -> bool:
    """Delete the tweets, data sets, versions, exports and records of `name`; whether there was anything.

    The tombstone comes first, so that after a kill nothing learns from this person again. Models that others are in,
    too, go as well, and before: nobody can be taken out of a model. What is on the Hub is left for `publish.removals`,
    unless it is to be kept there. Safe to do again after a kill. Raises `Unavailable` while a process trains one of
    them.
    """
    models, store = settings.storage.models, TweetStore(settings.tweets)
    found = store.forget(name)
    found |= _delete(_pictures(store.known_as(name), settings))
    for each in reversed(affected(name, settings)):
        # Half a push is nothing that anybody could want to keep.
        if not (keep_published and published(models, each)):
            leave_for_removal(models, each)
        # The folder of the model goes last: by it the others are found again after a kill.
        found |= _delete([settings.exports / each, *_pictures([each], settings), *kept_of(each, settings.records)])
        found |= Registry(models).forget(each)
    return found


def _pictures(names: Iterable[str], settings: Settings) -> list[Path]:
    return [settings.avatars / f"{name}{suffix}" for name in sorted(names) for suffix in AVATAR_SUFFIXES]


def _delete(paths: Iterable[Path]) -> bool:
    found = False
    for path in paths:
        if path.exists():
            found = True
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            atomic.sync_folder(path.parent)
    return found

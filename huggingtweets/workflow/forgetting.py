"""Forgetting somebody: everything that the pipeline keeps of a person under whatever name, in one place.

Knows every folder that holds something of a person. Does not know the bot's database, or what is on the Hub.
"""

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.publishing.export import AVATAR_SUFFIXES
from huggingtweets.publishing.publish import leave_for_removal, published
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.versions import Registry
from huggingtweets.tracking.recorded import kept_of, recorded
from huggingtweets.tweets.tweet_store import TweetStore

TOMBSTONES_BYTES = 65_536  # more than the list of them grows by


def affected(name: VoiceName, settings: Settings, site: str = "") -> list[VoiceName]:
    """Everything that goes with `name`, which comes first.

    The other names are those of the same person, and models of this person and others together, as far as anything is
    left of them.
    """
    return _going(name, settings, *Accounts(settings).same_person(name, site))


def _going(name: VoiceName, settings: Settings, people: set[str], keys: set[str]) -> list[VoiceName]:
    accounts = Accounts(settings)
    exported = (path.name for path in settings.exports.glob("*"))
    voices = set(map(VoiceName, {*Registry(settings.storage.models).kept(), *exported, *recorded(settings.records)}))
    left = {voice for voice in voices if people.intersection(voice.handles) or keys & accounts.learned_by(voice)}
    others = left | people & set(TweetStore(settings.tweets).handles())
    return [name, *sorted(map(VoiceName, others - {name}))]


def forget(name: VoiceName, settings: Settings, *, site: str = "", keep_published: bool = False) -> bool:
    """Delete the tweets, data sets, versions, exports and records of whoever is called `name`.

    Returns True if there was anything. `site` says where this is the handle of an account, X by default.

    The tombstones come first, so that after a kill nothing learns from this person again. Models that others are in,
    too, go as well, and before: nobody can be taken out of a model. What is on the Hub is left for `publish.removals`,
    unless it is to be kept there. Safe to do again after a kill. Raises `Unavailable` while a process trains one of
    them.
    """
    models, store = settings.storage.models, TweetStore(settings.tweets)
    people, accounts = Accounts(settings).same_person(name, site)
    going = _going(name, settings, people, accounts)
    found = not _has_room(settings.tweets) and _make_room(going, settings)
    for person in [name, *sorted(people - {name})]:
        found |= store.forget(person, accounts)
        found |= _delete(_pictures(store.known_as(person), settings))
    together = [model for model in going if model not in people]
    for each in [*reversed(together), *(one for one in going if one in people)]:
        # Half a push is nothing that anybody could want to keep.
        if not (keep_published and published(models, each)):
            leave_for_removal(models, each)
        # The folder of the model goes last: by it the others are found again after a kill.
        found |= _delete([settings.exports / each, *_pictures([each], settings), *kept_of(each, settings.records)])
        found |= Registry(models).forget(each)
    return found


def _has_room(folder: Path) -> bool:
    """Whether a tombstone can be written; a full disk must keep nobody from being forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        atomic.write_text(folder / ".room", "x" * TOMBSTONES_BYTES)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return False
    (folder / ".room").unlink()
    return True


def _make_room(going: Iterable[str], settings: Settings) -> bool:
    """Delete what is large of what goes anyway, exports and weights; the models' folders stay until their turn."""
    weights = (path for name in going for path in (settings.storage.models / name).glob("*/*") if path.is_dir())
    return _delete([*(settings.exports / name for name in going), *weights])


def leave_nothing(voice: VoiceName, settings: Settings, kept_before: Collection[str]) -> None:
    """Delete what a training of `voice` left that ended without a version, if there is no other version of it.

    That is what was staged, and the tweets of everybody in it who is not among `kept_before`.
    Raises `Unavailable` while a process trains it.
    """
    registry = Registry(settings.storage.models)
    if registry.versions(voice):
        return
    if (settings.storage.models / voice).exists():
        with registry.staged(voice):
            registry.discard(voice)
    leave_no_tweets(voice, settings, kept_before)


def leave_no_tweets(voice: VoiceName, settings: Settings, kept_before: Collection[str]) -> None:
    """Delete the tweets of everybody in `voice` whom no model has learned and who is not among `kept_before`."""
    learned = {person for other in Registry(settings.storage.models).all_names() for person in other.handles}
    for person in set(voice.handles) - set(kept_before) - learned:
        TweetStore(settings.tweets).discard(person)
        _delete(_pictures([person], settings))


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

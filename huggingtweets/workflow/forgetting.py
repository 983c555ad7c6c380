"""Forgetting somebody: everything that the pipeline keeps of a person is deleted, under all their names.

Knows every folder that holds something of a person. Does not know the bot's database, or what is on the Hub.
"""

import logging
from collections.abc import Collection, Iterable
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.config.settings import AVATAR_SUFFIXES, Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.publishing.publish import leave_for_removal, published
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.manifest import DATASET
from huggingtweets.registry.versions import Registry
from huggingtweets.tracking.recorded import kept_of, recorded
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.stages import KEPT

log = logging.getLogger(__name__)

TOMBSTONES_BYTES = 65_536  # one more tombstone makes their list grow by less


def affected(name: VoiceName, settings: Settings, site: str = "", accounts: Collection[str] = ()) -> list[VoiceName]:
    """The names of everything that is deleted together with `name`, which comes first.

    The others are further names of the same person, and models that this person is in together with others. Only names
    of which something is left are listed.
    """
    return _to_delete(name, settings, *Accounts(settings).same_person(name, site, accounts))


def _to_delete(name: VoiceName, settings: Settings, people: set[str], keys: set[str]) -> list[VoiceName]:
    accounts = Accounts(settings)
    exported = (path.name for path in settings.exports.glob("*"))
    voices = set(map(VoiceName, {*Registry(settings.storage.models).kept(), *exported, *recorded(settings.records)}))
    left = {voice for voice in voices if people.intersection(voice.handles) or keys & accounts.learned_by(voice)}
    others = left | people & set(TweetStore(settings.tweets).handles())
    return [name, *sorted(map(VoiceName, others - {name}))]


def forget(
    name: VoiceName,
    settings: Settings,
    *,
    site: str = "",
    accounts: Collection[str] = (),
    keep_published: bool = False,
) -> bool:
    """Delete the tweets, data sets, versions, exports and records of whoever is called `name`.

    Returns True if there was anything. `site` is the site where `name` is an account's handle, X by default.
    `accounts` are accounts of this person, such as `whatsapp:ann` of somebody who only spoke in a chat. A training of
    one of the models in another process is ended first. Raises `Unavailable` if this process trains one.

    The tombstones are written first, so nothing learns from this person again if the process is killed. A model of
    several people is deleted as well, because nobody can be taken out of it. Such models go before the person's own.
    What the person said before the tweets of others is taken out of the data sets of their models, which have read it
    and never learned to write it. What is on the Hub is left for `publish.removals`, unless it is to be kept there.
    After a kill this can be done again.
    """
    models, store = settings.storage.models, TweetStore(settings.tweets)
    people, keys = Accounts(settings).same_person(name, site, accounts)
    names = _to_delete(name, settings, people, keys)
    was_there = not _has_room(settings.tweets) and _make_room(names, settings)
    for person in [name, *sorted(people - {name})]:
        was_there |= store.forget(person, keys)
        was_there |= _delete(_pictures(store.known_as(person), settings))
    for model in names:
        Registry(models).end_training(model)
    together = [model for model in names if model not in people]
    for each in [*reversed(together), *(own for own in names if own in people)]:
        # Nobody can want to keep a push that was not finished.
        if not (keep_published and published(models, each)):
            leave_for_removal(models, each)
        # The folder of the model is deleted last, because the rest is found by it after a kill.
        was_there |= _delete([settings.exports / each, *_pictures([each], settings), *kept_of(each, settings.records)])
        was_there |= Registry(models).forget(each)
    return _unsay(store.unwilling_accounts, settings) or was_there


def _unsay(people: Collection[str], settings: Settings) -> bool:
    """Delete what `people`, such as `x:12`, said before the tweets of others, out of all data sets.

    Returns True if there was anything.
    """
    models, was_there = settings.storage.models, False
    for file in [*models.glob(f"*/*/{DATASET}"), *models.glob(f"*/.staged/{KEPT}")]:
        if "said_by" not in file.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            rows = atomic.read_json_lines(file)
        except ValueError:
            log.warning("%s is damaged; if it is of a version, delete that version", file)
            continue
        unsaid = [row | {"context": "", "said_by": ""} if row.get("said_by") in people else row for row in rows]
        if unsaid != rows:
            atomic.write_json_lines(file, unsaid)
            was_there = True
    return was_there


def _has_room(folder: Path) -> bool:
    """Returns True if a tombstone can be written. Even on a full disk, people must be forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        atomic.write_text(folder / ".room", "x" * TOMBSTONES_BYTES)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return False
    (folder / ".room").unlink()
    return True


def _make_room(names: Iterable[str], settings: Settings) -> bool:
    """Delete the large files first, which are exports and weights. The models' folders stay until their turn."""
    weights = (path for name in names for path in (settings.storage.models / name).glob("*/*") if path.is_dir())
    return _delete([*(settings.exports / name for name in names), *weights])


def leave_nothing(voice: VoiceName, settings: Settings, kept_before: Collection[str]) -> None:
    """Delete what a training of `voice` has left that ended without a version, if there is no version at all.

    It has left what was staged, and the tweets of everybody in the voice who is not among `kept_before`.
    Raises `Unavailable` while a process trains the voice.
    """
    registry = Registry(settings.storage.models)
    if registry.versions(voice):
        return
    if (settings.storage.models / voice).exists():
        with registry.staged(voice):
            registry.discard(voice)
    leave_no_tweets(voice, settings, kept_before)


def leave_no_tweets(voice: VoiceName, settings: Settings, kept_before: Collection[str]) -> None:
    """Delete the tweets of everybody in `voice` whom no model has learned, except those in `kept_before`."""
    learned = {person for other in Registry(settings.storage.models).all_names() for person in other.handles}
    for person in set(voice.handles) - set(kept_before) - learned:
        TweetStore(settings.tweets).discard(person)
        _delete(_pictures([person], settings))


def _pictures(names: Iterable[str], settings: Settings) -> list[Path]:
    return [settings.avatars / f"{name}{suffix}" for name in sorted(names) for suffix in AVATAR_SUFFIXES]


def _delete(paths: Iterable[Path]) -> bool:
    """Delete files and folders. Returns True if any of them existed."""
    were_there = [atomic.delete(path) for path in paths]  # all of them, not only up to the first that was there
    return any(were_there)

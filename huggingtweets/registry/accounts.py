"""The accounts behind names. A voice may be called anything, so one person may have several names here.

Knows the kept tweets, the tombstones and the manifests of the versions. Does not know what follows from them.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account
from huggingtweets.registry.manifest import MANIFEST, read_accounts
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import MEMBER, Unwilling, account_key

# Two names without a common account are one person if they share so many tweets, and half of those of the smaller name.
MIN_COMMON_TWEETS = 5


class Accounts:
    """The accounts behind names. What was read from a file is remembered until the file changes."""

    def __init__(self, settings: Settings):
        self._models = settings.storage.models
        self._store = TweetStore(settings.tweets)
        self.unwilling = Unwilling(settings.tweets)
        self._read_files: dict[Path, tuple[int, frozenset[str]]] = {}

    def of(self, name: str) -> frozenset[str]:
        """The accounts from which `name`, the voice of one person, was learned or would be.

        If none is on record, the name counts as the handle.
        """
        accounts = self._kept(name) | self._learned(name)
        return accounts or frozenset({account_key(Account(name))})

    def refuse(self, voice: VoiceName) -> None:
        """Raises `Forgotten` or `OptedOut` if somebody in `voice` must not be learned or imitated."""
        for person in voice.people:
            self.unwilling.refuse(person, self.of(person))

    def same_person(self, name: str, site: str = "", known: Collection[str] = ()) -> tuple[set[str], set[str]]:
        """All names of the person who is called `name` here or on `site`, and all accounts behind these names.

        `known` are accounts of this person.

        A member's name on a server is nobody's handle at X: people can call themselves anything there.
        """
        fingerprints = {other: self._store.fingerprints(other) for other in self._names()}
        accounts_of = {other: self._everything_of(other) | sources for other, (_, sources) in fingerprints.items()}
        tweets_of = {other: ids for other, (ids, _) in fingerprints.items()}
        accounts = set(accounts_of[name] if name in accounts_of else self.unwilling.accounts_of(name)) | set(known)
        if site or not any(account.startswith(f"{MEMBER}:") for account in accounts):
            accounts.add(account_key(Account(name, site=site)))
        names = {name}
        while more := _more(names, accounts, accounts_of, tweets_of):
            names |= more
            accounts |= {account for other in more for account in accounts_of[other]}
        return names, accounts

    def learned_by(self, model: str) -> frozenset[str]:
        """The accounts from which any version of `model` was learned. It may be the voice of several people."""
        manifests = sorted((self._models / model).glob(f"v*/{MANIFEST}"))
        return frozenset[str]().union(*(self._cached(path, _in_manifest) for path in manifests))

    def _names(self) -> set[str]:
        learned = (voice for voice in Registry(self._models).kept() if voice.is_of_one)
        return {*self._store.handles(), *self.unwilling.tombstones(), *learned}

    def _everything_of(self, name: str) -> frozenset[str]:
        stone = self.unwilling.tombstones().get(name)
        accounts = self._kept(name) | self._learned(name) | (stone.accounts if stone else frozenset())
        return accounts or frozenset({account_key(Account(name))})

    def _kept(self, name: str) -> frozenset[str]:
        return self._cached(self._store.known.file(name), lambda _: self._store.known.keys(name))

    def _learned(self, name: str) -> frozenset[str]:
        return self.learned_by(name) if VoiceName(name).is_of_one else frozenset()

    def _cached(self, path: Path, read: Any) -> frozenset[str]:
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return frozenset()
        entry = self._read_files.get(path)
        if not entry or entry[0] != changed:
            entry = self._read_files[path] = (changed, read(path))
        return entry[1]


def _more(
    names: set[str],
    accounts: set[str],
    accounts_of: Mapping[str, Collection[str]],
    tweets_of: Mapping[str, frozenset[str]],
) -> set[str]:
    """Further names of the person who has these `names` and `accounts`."""
    others = set(accounts_of) - names
    if same := {other for other in others if accounts.intersection(accounts_of[other])}:
        return same
    tweets = frozenset[str]().union(*(tweets_of.get(name, frozenset()) for name in names))
    return {other for other in others if _mostly_same(tweets_of[other], tweets)}


def _mostly_same(some: frozenset[str], others: frozenset[str]) -> bool:
    common = len(some & others)
    return common >= MIN_COMMON_TWEETS and 2 * common >= min(len(some), len(others))


def _in_manifest(path: Path) -> frozenset[str]:
    """The accounts that a manifest names: none if it cannot be read."""
    try:
        return frozenset(account_key(account) for account in read_accounts(path.parent))
    except (OSError, ValueError):
        return frozenset()

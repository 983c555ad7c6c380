"""Whose tweets lie under which name. A voice may be called anything, so one person may be here under several names.

Knows the kept tweets, the tombstones and the manifests of the versions. Does not know what follows from them.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.core.records import Account
from huggingtweets.registry.manifest import MANIFEST, read_accounts
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.tweet_store import TweetStore
from huggingtweets.tweets.unwilling import MEMBER, Unwilling, account_key

# Two names without an account in common are one person if they share so many tweets, and half of the smaller one's.
MIN_COMMON_TWEETS = 5


class Accounts:
    """The accounts behind names. It remembers what it has read for as long as the files stay the same."""

    def __init__(self, settings: Settings):
        self._models = settings.storage.models
        self._store = TweetStore(settings.tweets)
        self.unwilling = Unwilling(settings.tweets)
        self._read_files: dict[Path, tuple[int, frozenset[str]]] = {}

    def of(self, name: str) -> frozenset[str]:
        """The accounts that one person's voice `name` was or would be learned from.

        The name counts as the handle where nothing else is known.
        """
        kept = self._kept(name) | self._learned(name)
        return kept or frozenset({account_key(Account(name))})

    def refuse(self, voice: VoiceName) -> None:
        """Raises `Forgotten` or `OptedOut` if somebody in `voice` must not be learned or imitated."""
        for person in voice.people:
            self.unwilling.refuse(person, self.of(person))

    def same_person(self, name: str, site: str = "") -> tuple[set[str], set[str]]:
        """All names of whoever is called `name`, here or as an account of `site`; and all accounts behind them.

        What a member of a server is called is nobody's handle at X: anybody can call themselves anything there.
        """
        seen = {other: self._store.fingerprints(other) for other in self._names()}
        known = {other: self._everything_of(other) | sources for other, (_, sources) in seen.items()}
        tweets = {other: ids for other, (ids, _) in seen.items()}
        accounts = set(known.get(name, ()))
        if site or not any(account.startswith(f"{MEMBER}:") for account in accounts):
            accounts.add(account_key(Account(name, site=site)))
        names = {name}
        while more := _more(names, accounts, known, tweets):
            names |= more
            accounts |= {account for other in more for account in known[other]}
        return names, accounts

    def learned_by(self, model: str) -> frozenset[str]:
        """The accounts that any version of `model`, which may be of several people, was learned from."""
        manifests = sorted((self._models / model).glob(f"v*/{MANIFEST}"))
        return frozenset[str]().union(*(self._cached(path, _in_manifest) for path in manifests))

    def _names(self) -> set[str]:
        learned = (voice for voice in Registry(self._models).kept() if voice.is_of_one)
        return {*self._store.handles(), *self.unwilling.tombstones(), *learned}

    def _everything_of(self, name: str) -> frozenset[str]:
        stone = self.unwilling.tombstones().get(name)
        kept = self._kept(name) | self._learned(name) | (stone.accounts if stone else frozenset())
        return kept or frozenset({account_key(Account(name))})

    def _kept(self, name: str) -> frozenset[str]:
        return self._cached(self._store.account_file(name), lambda _: self._store.accounts(name))

    def _learned(self, name: str) -> frozenset[str]:
        return self.learned_by(name) if VoiceName(name).is_of_one else frozenset()

    def _cached(self, path: Path, read: Any) -> frozenset[str]:
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return frozenset()
        known = self._read_files.get(path)
        if not known or known[0] != changed:
            known = self._read_files[path] = (changed, read(path))
        return known[1]


def _more(
    names: set[str],
    accounts: set[str],
    known: Mapping[str, Collection[str]],
    tweets: Mapping[str, frozenset[str]],
) -> set[str]:
    """The names that are the same person as `names`, and are not among them yet."""
    others = set(known) - names
    if same := {other for other in others if accounts.intersection(known[other])}:
        return same
    theirs = frozenset[str]().union(*(tweets.get(name, frozenset()) for name in names))
    return {other for other in others if _mostly_same(tweets[other], theirs)}


def _mostly_same(some: frozenset[str], others: frozenset[str]) -> bool:
    common = len(some & others)
    return common >= MIN_COMMON_TWEETS and 2 * common >= min(len(some), len(others))


def _in_manifest(path: Path) -> frozenset[str]:
    """The accounts that a manifest names. One that cannot be read names nobody."""
    try:
        return frozenset(account_key(account) for account in read_accounts(path.parent))
    except (OSError, ValueError):
        return frozenset()

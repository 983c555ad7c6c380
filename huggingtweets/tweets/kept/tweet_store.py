"""The tweets collected of each account, on disk: unique by id, merged, dropped, forgotten.

Knows `<folder>/<handle>.jsonl` (tweets, oldest first) and `<handle>.archive.json` (the period of the latest X archive).
Does not know where tweets come from, what they are for, what sources call an account (`known_accounts`), when sources
are asked (`looks`), or who must not be learned (`unwilling`).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.remembered import Remembered
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.tweets.kept.choices import NO_CHOICES, Choices
from huggingtweets.tweets.kept.editions import replaced
from huggingtweets.tweets.kept.known_accounts import KnownAccounts
from huggingtweets.tweets.kept.looks import Looks
from huggingtweets.tweets.kept.unwilling import Unwilling, account_key, same_accounts

_UNDATED = datetime.min.replace(tzinfo=UTC)
Period = tuple[datetime, datetime]


class Change(NamedTuple):
    """How many tweets came, and how many went."""

    new: int
    deleted: int


class TweetStore:
    """The tweets of each account in one file, which is only ever replaced as a whole.

    The tweets of the `remembered` accounts that were used last are kept in memory, so that a run parses them once.
    """

    def __init__(self, folder: Path, *, remembered: int = 0):
        self.folder = folder
        self.known = KnownAccounts(folder)
        self.looks = Looks(folder, self._locked)
        self._unwilling = Unwilling(folder)
        self._remembered: Remembered[tuple[Tweet, ...]] = Remembered(remembered)

    def merge(self, handle: str, collected: Collected) -> int:
        """Add the new tweets by id, replace older texts by newer ones, drop withdrawn tweets.

        Returns how many ids were new. Raises `Forgotten` and `OptedOut` for tweets of somebody who must not be learned,
        whatever their name is here, and `BadSource` for tweets of another person than those that are kept.
        """
        with self._locked():
            return self._merge(handle, self._tweets_for(handle, collected), collected)

    def take_in(self, handle: str, collected: Collected) -> Change:
        """Merge what a file holds, and drop the tweets that the file shows to be `gone`. Raises like `merge`."""
        with self._locked():
            tweets = self._tweets_for(handle, collected)
            gone = self._gone(handle, tweets, collected)
            return Change(self._merge(handle, [one for one in tweets if one.id not in gone], collected), len(gone))

    def _tweets_for(self, handle: str, collected: Collected) -> list[Tweet]:
        """The tweets that are kept of `handle`, if `collected` may be added to them."""
        self.refuse(handle, collected)
        tweets = self.tweets(handle)
        self._refuse_others(handle, tweets, collected)
        return tweets

    def refuse(self, handle: str, collected: Collected) -> None:
        """Raises `Forgotten` or `OptedOut` if `collected` is of somebody who must not be learned."""
        self._unwilling.refuse(handle, self._accounts(handle, collected))

    def gone(self, handle: str, collected: Collected) -> set[str]:
        """The ids of the kept tweets that `collected` shows to be deleted or corrected.

        A tweet counts as deleted if a complete archive of its period lacks it. Only an archive that is later than all
        archives before it says so: an earlier one lacks what came after it. A tweet counts as corrected if a table
        without ids gives it in other words.
        Raises `BadSource` like `merge`: tweets of somebody else show nothing.
        """
        tweets = self.tweets(handle)
        self._refuse_others(handle, tweets, collected)
        return self._gone(handle, tweets, collected)

    def _gone(self, handle: str, tweets: Sequence[Tweet], collected: Collected) -> set[str]:
        return self._deleted(handle, tweets, collected) | replaced(tweets, collected.tweets)

    def _deleted(self, handle: str, tweets: Sequence[Tweet], collected: Collected) -> set[str]:
        period, archived = collected.period, self._archived(handle)
        if not collected.complete or not period or (archived and period[1] < archived[1]):
            return set()
        there = {tweet.id for tweet in collected.tweets}
        return {tweet.id for tweet in tweets if tweet.id not in there and _of_x(tweet) and _within(tweet, period)}

    def drop(self, handle: str, ids: Collection[str]) -> int:
        """Delete the tweets and contexts with these ids, which are gone at their source. Returns how many tweets."""
        with self._locked():
            tweets = self.tweets(handle)
            remaining = [tweet for tweet in tweets if tweet.id not in ids]
            # A post that is gone is no context of a reply either.
            unsaid = [replace(tweet, said=None) if tweet.reply_to in ids else tweet for tweet in remaining]
            if unsaid != tweets:
                self._write(handle, unsaid)
        return len(tweets) - len(remaining)

    def choices(self, handle: str) -> Choices:
        """What somebody has decided about the tweets of an account before they are learned."""
        path = self._choices_file(handle)
        return Choices.from_json(atomic.read_json(path)) if path.exists() else NO_CHOICES

    def choose(self, handle: str, choices: Choices) -> None:
        """Keep what somebody has decided, in place of what was decided before. It holds for each later training."""
        with self._locked():
            path = self._choices_file(handle)
            if choices:
                atomic.write_json(path, choices.as_json())
            else:
                path.unlink(missing_ok=True)

    def learnable(self, handle: str) -> list[Tweet]:
        """The tweets of an account, without what people said before them who must not be learned."""
        return _without_said_by(self._unwilling.accounts(), self.tweets(handle))

    @property
    def unwilling_accounts(self) -> frozenset[str]:
        """The accounts of everybody who must not be learned, such as `x:12`."""
        return self._unwilling.accounts()

    def is_forgotten(self, handle: str) -> bool:
        """Returns True if there is a tombstone."""
        return handle in self._unwilling.tombstones()

    def forgotten(self) -> list[str]:
        """Who has a tombstone, sorted."""
        return sorted(self._unwilling.tombstones())

    def forgotten_as(self, handle: str) -> list[str]:
        """The names with a tombstone of whoever is called `handle`, here or as an account of X."""
        return sorted(same_accounts(handle, self._unwilling.tombstones()))

    def lift(self, handle: str) -> list[str]:
        """Take away the tombstones of a person who asks to be learned again. Returns the names they had."""
        if not self.folder.exists():
            return []
        with self._locked():
            return self._unwilling.lift(handle)

    def sources(self, handle: str) -> frozenset[str]:
        """The accounts that tweets were read from, such as `x:12`."""
        return frozenset(_sources(self.tweets(handle)))

    def fingerprints(self, handle: str) -> tuple[frozenset[str], frozenset[str]]:
        """The ids of the account's own tweets, and the accounts (such as `x:12`) that tweets were read from."""
        path = self._tweets_file(handle)
        rows = atomic.read_json_lines(path) if path.exists() else []
        pairs = [(row["id"], row.get("source", "")) for row in rows if not row["is_retweet"] or row.get("source")]
        return frozenset(id_ for id_, _ in pairs), frozenset(source for _, source in pairs if _names_somebody(source))

    def _accounts(self, handle: str, collected: Collected) -> set[str]:
        """Every account that `collected` and the kept tweets of `handle` are known to come from."""
        named = {account_key(collected.account)} if collected.account else set()
        return named | _sources(collected.tweets) | self.known.keys(handle)

    def _refuse_others(self, handle: str, tweets: Sequence[Tweet], collected: Collected) -> None:
        """Raises `BadSource` if a site calls the account by another name and has no tweet in common with the kept ones.

        An account that was renamed still has its old tweets, or the number that its site gave it.
        """
        if not collected.account or not self.known.knows(handle):
            return
        if collected.account.handle.lower() in self.known_as(handle):
            return
        sites = {_site(tweet) for tweet in collected.tweets}
        same_site = [tweet for tweet in tweets if _site(tweet) in sites]
        in_common = {tweet.id for tweet in same_site} & {tweet.id for tweet in collected.tweets}
        if same_site and not in_common and not _sources(same_site) & _sources(collected.tweets):
            raise BadSource(
                f"What was given for {handle}",
                f"it is by @{collected.account.handle}, "
                f"but the tweets kept of {handle} are by @{self.known.account(handle).handle}",
                f"choose another name, or forget {handle} first",
                for_people=Phrase(
                    "What was given for {name} is by @{other}, but the tweets kept of {name} are by @{account}; choose "
                    "another name, or forget {name} first.",
                    name=handle,
                    other=collected.account.handle,
                    account=self.known.account(handle).handle,
                ),
            )

    def _merge(self, handle: str, tweets: Sequence[Tweet], collected: Collected) -> int:
        old = {tweet.id: tweet for tweet in tweets}
        archived, period = self._archived(handle), collected.period
        later = collected.complete and period and not (archived and period[1] < archived[1])
        # A tweet that a later archive lacked was deleted. An older file does not bring it back.
        new = [
            tweet
            for tweet in collected.tweets
            if later or tweet.id in old or not (archived and not tweet.source and _within(tweet, archived))
        ]
        marked = (_marked(tweet, old[tweet.id]) if tweet.id in old else tweet for tweet in new)
        merged = old | {tweet.id: tweet for tweet in _without_said_by(self._unwilling.accounts(), marked)}
        for id_ in collected.withdrawn & merged.keys():
            del merged[id_]
        if later and period:
            atomic.write_json(self._archive_file(handle), [date.isoformat() for date in period])
        ordered = sorted(merged.values(), key=lambda tweet: tweet.created_at or _UNDATED)
        if collected.account:
            self.known.note(handle, collected.account)
        self._write(handle, ordered)
        return len(merged.keys() - old.keys())

    def _write(self, handle: str, tweets: Sequence[Tweet]) -> None:
        path = self._tweets_file(handle)
        atomic.write_json_lines(path, [tweet.as_json() for tweet in tweets])
        self._remembered.note(path, tuple(tweets))

    def tweets(self, handle: str) -> list[Tweet]:
        """The tweets of an account, oldest first; those without a date come first. Empty for an unknown handle."""
        path = self._tweets_file(handle)
        return list(self._remembered.read(path, _parsed)) if path.exists() else []

    def handles(self) -> list[str]:
        """The accounts whose tweets are kept, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.jsonl") if not path.name.startswith("."))

    def all_names(self) -> set[str]:
        """Every name, of an account or of a voice, that is or was somebody's here."""
        stones = self._unwilling.tombstones()
        names = {*self.handles(), *stones, *self._unwilling.opted_out()}
        return names.union(
            *(self.known.names(handle) for handle in self.handles()), *(one.handles for one in stones.values())
        )

    def fingerprint(self, handle: str) -> str:
        """A hash of the account's tweets as they are now. Empty for an unknown handle."""
        path = self._tweets_file(handle)
        return hashlib.sha256(atomic.require_file(path).read_bytes()).hexdigest()[:16] if path.exists() else ""

    def known_as(self, handle: str) -> frozenset[str]:
        """The names by which sources know the account, now or before, in lower case; also of a forgotten one."""
        stone = self._unwilling.tombstones().get(handle)
        return self.known.names(handle) | (stone.handles if stone else frozenset())

    def forget(self, handle: str, accounts: Collection[str] = ()) -> bool:
        """Delete all that is kept of the account and leave a tombstone. Returns True if there was anything.

        What they said before the tweets of others is deleted, too. `accounts` are other accounts of the same person.
        The tombstone is written first. So after a kill in between nothing comes back, and forgetting again completes
        the deletion.
        """
        with self._locked():
            was_there = self._forget(handle, accounts)
            return self._unsay() or was_there

    def _forget(self, handle: str, accounts: Collection[str]) -> bool:
        keys = self.known.keys(handle) | self.sources(handle) | set(accounts)
        if not keys and not self.is_forgotten(handle):
            keys = frozenset({account_key(Account(handle))})
        names = self.known_as(handle)
        try:
            self._unwilling.bury(handle, names, keys)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            # The disk is full. Deleting what is to be forgotten makes room for the tombstone.
            was_there = self._delete(handle)
            self._unwilling.bury(handle, names, keys)
            return was_there
        return self._delete(handle)

    def _unsay(self) -> bool:
        """Delete what people who must not be learned said before others' tweets. Returns True if there was anything."""
        people, was_there = self._unwilling.accounts(), False
        for handle in self.handles():
            tweets = self.tweets(handle)
            unsaid = _without_said_by(people, tweets)
            if unsaid != tweets:
                self._write(handle, unsaid)
                was_there = True
        return was_there

    def discard(self, handle: str) -> bool:
        """Delete all that is kept of the account, without a tombstone. Returns True if there was anything."""
        with self._locked():
            return self._delete(handle)

    def _delete(self, handle: str) -> bool:
        files = (
            self._tweets_file(handle),
            *self.known.files(handle),
            self._archive_file(handle),
            self._choices_file(handle),
            *self.looks.files(handle),
        )
        existing = [path for path in files if path.exists()]
        interrupted = [file for path in files for file in atomic.unfinished(path)]
        for path in existing + interrupted:
            path.unlink()
        self._remembered.drop(self._tweets_file(handle))
        atomic.sync_folder(self.folder)
        return bool(existing)

    def at_rest(self) -> AbstractContextManager[None]:
        """Nothing changes while the context lasts; whoever wants to change something waits."""
        return self._locked()

    def _locked(self) -> AbstractContextManager[None]:
        """A lock over all changes. Without it, two processes that merge at once would lose each other's tweets."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return atomic.locked(self.folder / ".lock", wait=True)

    def _tweets_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.jsonl"

    def _choices_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.choices.json"

    def _archive_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.archive.json"

    def _archived(self, handle: str) -> "Period | None":
        """The period of the latest archive."""
        path = self._archive_file(handle)
        if not path.exists():
            return None
        first, last = atomic.read_json(path)
        return datetime.fromisoformat(first), datetime.fromisoformat(last)


def _parsed(path: Path) -> tuple[Tweet, ...]:
    return tuple(Tweet.from_json(row) for row in atomic.read_json_lines(path))


def _marked(tweet: Tweet, before: Tweet) -> Tweet:
    """`tweet` with what was known of it `before`.

    A tweet that can be looked up at its source stays marked so, even if a file has it as well. A file may not say what
    a tweet answers. A source that says nothing now has lost it.
    """
    said = tweet.said or (None if tweet.source else before.said)
    reply_to = tweet.reply_to or before.reply_to
    return replace(tweet, source=tweet.source or before.source, reply_to=reply_to, said=said)


def _without_said_by(people: Collection[str], tweets: Iterable[Tweet]) -> list[Tweet]:
    """`tweets` without the contexts that one of `people` wrote."""
    return [replace(tweet, said=None) if tweet.said and tweet.said.by in people else tweet for tweet in tweets]


def _sources(tweets: Iterable[Tweet]) -> set[str]:
    return {tweet.source for tweet in tweets if _names_somebody(tweet.source)}


def _names_somebody(source: str) -> bool:
    """Returns True if a mark names an account. An export may say its site alone, as in `reddit:`."""
    return bool(source.partition(":")[2])


def _site(tweet: Tweet) -> str:
    """The site where it was written. What came out of a file counts as X."""
    return tweet.source.partition(":")[0] or "x"


def _of_x(tweet: Tweet) -> bool:
    """Returns True if an X archive could hold it, because it came out of a file or from X."""
    return _site(tweet) == "x"


def _within(tweet: Tweet, period: Period) -> bool:
    return tweet.created_at is not None and period[0] <= tweet.created_at <= period[1]

"""The tweets collected of each account, on disk: unique by id, merged, dropped, forgotten.

Knows `<folder>/<handle>.jsonl` (tweets, oldest first), `<handle>.account.json`, `<handle>.names.json` (what the account
was called, once that has changed), `<handle>.checked.json` (when each source was last asked what is still there),
`<handle>.looks.json` (how far such a look is), and `<handle>.archive.json` (the period of the latest X archive). Does
not know where tweets come from, what they are for, or how those are listed who must not be learned (`unwilling`).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.tweets.editions import replaced
from huggingtweets.tweets.unwilling import Unwilling, account_key, same_accounts

_UNDATED = datetime.min.replace(tzinfo=UTC)
Period = tuple[datetime, datetime]


class Look(NamedTuple):
    """A look at what is still there that has not ended: begun at `since`, and done up to the id `after`."""

    since: datetime
    after: str


class TweetStore:
    """One file of tweets and one of the account's names, each replaced whole."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._unwilling = Unwilling(folder)

    def merge(self, handle: str, collected: Collected) -> int:
        """Add what is new by id, let newer texts replace older ones, drop what was withdrawn; how many ids were new.

        Raises `Forgotten` and `OptedOut` for tweets of somebody who must not be learned, under whatever name, and
        `BadSource` for tweets of somebody else than those that are kept.
        """
        with self._locked():
            self.refuse(handle, collected)
            self._refuse_others(handle, collected)
            return self._merge(handle, collected)

    def refuse(self, handle: str, collected: Collected) -> None:
        """Raises `Forgotten` or `OptedOut` if `collected` is of somebody who must not be learned."""
        self._unwilling.refuse(handle, self._accounts(handle, collected))

    def gone(self, handle: str, collected: Collected) -> set[str]:
        """Ids of known tweets that `collected` shows to be deleted or corrected.

        Deleted is what an archive of its period lacks. Only an archive that is later than all before it says anything:
        an earlier one lacks what came after it. Corrected is what a table without ids words anew.
        Raises `BadSource` like `merge`: what is by somebody else shows nothing.
        """
        self._refuse_others(handle, collected)
        known = self.tweets(handle)
        return self._deleted(handle, known, collected) | replaced(known, collected.tweets)

    def _deleted(self, handle: str, known: Sequence[Tweet], collected: Collected) -> set[str]:
        period, archived = collected.period, self._archived(handle)
        if not collected.complete or not period or (archived and period[1] < archived[1]):
            return set()
        there = {tweet.id for tweet in collected.tweets}
        return {tweet.id for tweet in known if tweet.id not in there and _of_x(tweet) and _within(tweet, period)}

    def drop(self, handle: str, ids: Collection[str]) -> int:
        """Delete the tweets with these ids, which are gone at their source; how many there were."""
        with self._locked():
            known = self.tweets(handle)
            left = [tweet for tweet in known if tweet.id not in ids]
            if len(left) < len(known):
                atomic.write_json_lines(self._tweets_file(handle), [tweet.as_json() for tweet in left])
        return len(known) - len(left)

    def mark_checked(self, handle: str, source: str, at: datetime) -> None:
        """Note when `source` was last asked which tweets are still there."""
        with self._locked():
            checked = self._read(self._checked_file(handle))
            atomic.write_json(self._checked_file(handle), checked | {source: at.isoformat()})

    def mark_look(self, handle: str, source: str, look: Look | None) -> None:
        """Note how far a look at the tweets of `source` is; None when it has ended."""
        with self._locked():
            looks = {name: row for name, row in self._read(self._looks_file(handle)).items() if name != source}
            if look:
                looks[source] = [look.since.isoformat(), look.after]
            atomic.write_json(self._looks_file(handle), looks)

    def look(self, handle: str, source: str) -> Look | None:
        """The look at the tweets of `source` that has not ended, or None."""
        row = self._read(self._looks_file(handle)).get(source)
        return Look(datetime.fromisoformat(row[0]), row[1]) if row else None

    def checked(self) -> dict[str, dict[str, datetime]]:
        """When each source was last asked, by account and source."""
        files = self.folder.glob("*.checked.json")
        return {
            path.name.removesuffix(".checked.json"): {
                source: datetime.fromisoformat(at) for source, at in self._read(path).items()
            }
            for path in sorted(files)
        }

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
        """The accounts that tweets were read from by their number, such as `x:12`."""
        return frozenset(_sources(self.tweets(handle)))

    def fingerprints(self, handle: str) -> tuple[frozenset[str], frozenset[str]]:
        """The ids of the account's own tweets, and the accounts that tweets were read from by their number."""
        path = self._tweets_file(handle)
        rows = atomic.read_json_lines(path) if path.exists() else []
        pairs = [(row["id"], row.get("source", "")) for row in rows if not row["is_retweet"] or row.get("source")]
        return frozenset(id_ for id_, _ in pairs), frozenset(source for _, source in pairs if source)

    def accounts(self, handle: str) -> frozenset[str]:
        """What its sources call the account, or called it once, as keys. Empty where no source has said that."""
        if not self.account_file(handle).exists():
            return frozenset()
        site = self.account(handle).site
        return frozenset(account_key(Account(known, site=site)) for known in self._names(handle))

    def _accounts(self, handle: str, collected: Collected) -> set[str]:
        """Every account that `collected` and the kept tweets of `handle` are known to be of."""
        said = {account_key(collected.account)} if collected.account else set()
        return said | _sources(collected.tweets) | self.accounts(handle)

    def _refuse_others(self, handle: str, collected: Collected) -> None:
        """Raises `BadSource` where one site knows the account by another name and has no tweet in common.

        An account that was renamed has its old tweets, or the number that its site gave it.
        """
        if not collected.account or not self.account_file(handle).exists():
            return
        if collected.account.handle.lower() in self.known_as(handle):
            return
        sites = {_site(tweet) for tweet in collected.tweets}
        known = [tweet for tweet in self.tweets(handle) if _site(tweet) in sites]
        in_common = {tweet.id for tweet in known} & {tweet.id for tweet in collected.tweets}
        if known and not in_common and not _sources(known) & _sources(collected.tweets):
            raise BadSource(
                f"What was given for {handle}",
                f"it is by @{collected.account.handle}, "
                f"but the tweets kept of {handle} are by @{self.account(handle).handle}",
                f"choose another name, or forget {handle} first",
            )

    def _merge(self, handle: str, collected: Collected) -> int:
        known = {tweet.id: tweet for tweet in self.tweets(handle)}
        archived, period = self._archived(handle), collected.period
        later = collected.complete and period and not (archived and period[1] < archived[1])
        # What a later archive lacked of its period was deleted, and does not come back out of an older file.
        new = [
            tweet
            for tweet in collected.tweets
            if later or tweet.id in known or not (archived and not tweet.source and _within(tweet, archived))
        ]
        # A tweet that can be looked up where it came from stays so, though a file has it, too.
        marked = (
            replace(tweet, source=tweet.source or known[tweet.id].source) if tweet.id in known else tweet
            for tweet in new
        )
        merged = known | {tweet.id: tweet for tweet in marked}
        for id_ in collected.withdrawn & merged.keys():
            del merged[id_]
        if later and period:
            atomic.write_json(self._archive_file(handle), [date.isoformat() for date in period])
        ordered = sorted(merged.values(), key=lambda tweet: tweet.created_at or _UNDATED)
        if collected.account:
            self._name(handle, collected.account)
        atomic.write_json_lines(self._tweets_file(handle), [tweet.as_json() for tweet in ordered])
        return len(merged.keys() - known.keys())

    def _name(self, handle: str, account: Account) -> None:
        """Keep how the account is called, besides what it was called before, and of which site it is known to be."""
        if self.account_file(handle).exists():
            known, names = self.account(handle), self.known_as(handle)
            if account.handle.lower() not in names:
                atomic.write_json(self._names_file(handle), sorted(names))
            if not account.site and account.handle.lower() == known.handle.lower():
                account = replace(account, site=known.site)
        atomic.write_json(self.account_file(handle), account.as_json())

    def tweets(self, handle: str) -> list[Tweet]:
        """Oldest first; undated ones before all others in the order of their source. Empty for an unknown handle."""
        path = self._tweets_file(handle)
        return [Tweet.from_json(row) for row in atomic.read_json_lines(path)] if path.exists() else []

    def handles(self) -> list[str]:
        """Whose tweets there are, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.jsonl") if not path.name.startswith("."))

    def all_names(self) -> set[str]:
        """Every name here that is or was somebody's, of an account as well as of a voice."""
        stones = self._unwilling.tombstones()
        names = {*self.handles(), *stones, *self._unwilling.opted_out()}
        return names.union(
            *(self._names(handle) for handle in self.handles()), *(one.handles for one in stones.values())
        )

    def fingerprint(self, handle: str) -> str:
        """A hash of the account's tweets as they are now; empty for an unknown handle."""
        path = self._tweets_file(handle)
        return hashlib.sha256(atomic.require_file(path).read_bytes()).hexdigest()[:16] if path.exists() else ""

    def account(self, handle: str) -> Account:
        """The account as its source named it, or the bare handle."""
        path = self.account_file(handle)
        return Account(**atomic.read_json(path)) if path.exists() else Account(handle)

    def known_as(self, handle: str) -> frozenset[str]:
        """What its sources call the account, or called it once, in lower case; also of one that was forgotten."""
        stone = self._unwilling.tombstones().get(handle)
        return self._names(handle) | (stone.handles if stone else frozenset())

    def _names(self, handle: str) -> frozenset[str]:
        names = self._names_file(handle)
        before = atomic.read_json(names) if names.exists() else []
        return frozenset({self.account(handle).handle.lower(), *before})

    def forget(self, handle: str, accounts: Collection[str] = ()) -> bool:
        """Delete all that is kept of the account and leave a tombstone. Returns True if there was anything.

        `accounts` are those that are known to be the person's beside those of these tweets. The tombstone comes first:
        after a kill in between nothing comes back, and forgetting again ends the work.
        """
        with self._locked():
            known = self.accounts(handle) | self.sources(handle) | set(accounts)
            if not known and not self.is_forgotten(handle):
                known = frozenset({account_key(Account(handle))})
            names = self.known_as(handle)
            try:
                self._unwilling.bury(handle, names, known)
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                # What is to be forgotten makes room for the tombstone.
                found = self._delete(handle)
                self._unwilling.bury(handle, names, known)
                return found
            return self._delete(handle)

    def discard(self, handle: str) -> bool:
        """Delete all that is kept of the account, without a tombstone. Returns True if there was anything."""
        with self._locked():
            return self._delete(handle)

    def _delete(self, handle: str) -> bool:
        files = (
            self._tweets_file(handle),
            self.account_file(handle),
            self._names_file(handle),
            self._checked_file(handle),
            self._looks_file(handle),
            self._archive_file(handle),
        )
        found = [path for path in files if path.exists()]
        interrupted = [left for path in files for left in atomic.unfinished(path)]
        for path in found + interrupted:
            path.unlink()
        atomic.sync_folder(self.folder)
        return bool(found)

    def _locked(self) -> AbstractContextManager[None]:
        """Two processes that merge at once would each lose what the other adds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return atomic.locked(self.folder / ".lock", wait=True)

    def _tweets_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.jsonl"

    def account_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.account.json"

    def _names_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.names.json"

    def _archive_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.archive.json"

    def _archived(self, handle: str) -> "Period | None":
        """The period of the latest archive."""
        path = self._archive_file(handle)
        if not path.exists():
            return None
        first, last = atomic.read_json(path)
        return datetime.fromisoformat(first), datetime.fromisoformat(last)

    def _checked_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.checked.json"

    def _looks_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.looks.json"

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        found: dict[str, Any] = atomic.read_json(path) if path.exists() else {}
        return found


def _sources(tweets: Iterable[Tweet]) -> set[str]:
    return {tweet.source for tweet in tweets if tweet.source}


def _site(tweet: Tweet) -> str:
    """Where it was written, as far as that is known; a file is taken for one of X."""
    return tweet.source.partition(":")[0] or "x"


def _of_x(tweet: Tweet) -> bool:
    """Whether an X archive could have it: it came out of a file, or from X."""
    return _site(tweet) == "x"


def _within(tweet: Tweet, period: Period) -> bool:
    return tweet.created_at is not None and period[0] <= tweet.created_at <= period[1]

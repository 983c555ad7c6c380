"""The tweets collected of each account, on disk: unique by id, merged, forgotten.

Knows `<folder>/<handle>.jsonl` (tweets, oldest first) and `<handle>.account.json`. Does not know where tweets come from
or what they are for.
"""

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from huggingtweets import atomic
from huggingtweets.records import Account, Collected, Tweet

_UNDATED = datetime.min.replace(tzinfo=UTC)


class TweetStore:
    """One file of tweets and one of the account's names, each replaced whole."""

    def __init__(self, folder: Path):
        self.folder = folder

    def merge(self, handle: str, collected: Collected) -> int:
        """Add what is new by id, let newer texts replace older ones; how many ids were new."""
        with self._locked():
            return self._merge(handle, collected)

    def _merge(self, handle: str, collected: Collected) -> int:
        known = {tweet.id: tweet for tweet in self.tweets(handle)}
        merged = known | {tweet.id: tweet for tweet in collected.tweets}
        ordered = sorted(merged.values(), key=lambda tweet: tweet.created_at or _UNDATED)
        if collected.account:
            atomic.write_json(self._account_file(handle), collected.account.as_json())
        atomic.write_json_lines(self._tweets_file(handle), [tweet.as_json() for tweet in ordered])
        return len(merged) - len(known)

    def tweets(self, handle: str) -> list[Tweet]:
        """Oldest first; undated ones before all others in the order of their source. Empty for an unknown handle."""
        path = self._tweets_file(handle)
        return [Tweet.from_json(row) for row in atomic.read_json_lines(path)] if path.exists() else []

    def account(self, handle: str) -> Account:
        """The account as its source named it, or the bare handle."""
        path = self._account_file(handle)
        return Account(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Account(handle)

    def forget(self, handle: str) -> bool:
        """Delete all that is kept of the account; whether there was anything."""
        if not self.folder.exists():
            return False
        files = (self._tweets_file(handle), self._account_file(handle))
        with self._locked():
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

    def _account_file(self, handle: str) -> Path:
        return self.folder / f"{handle}.account.json"

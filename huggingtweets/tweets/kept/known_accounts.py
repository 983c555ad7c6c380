"""What sources call each account, now and before.

Knows `<handle>.account.json` and `<handle>.names.json` (earlier names of an account that was renamed) beside the
tweets. Does not know the tweets.
"""

from dataclasses import replace
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.records import Account
from huggingtweets.tweets.kept.unwilling import account_key


class KnownAccounts:
    """The accounts in `folder`. Whoever writes holds the lock of the tweets."""

    def __init__(self, folder: Path):
        self._folder = folder

    def knows(self, handle: str) -> bool:
        """Returns True if a source has said what the account is called."""
        return self.file(handle).exists()

    def account(self, handle: str) -> Account:
        """The account as its source named it, or else with the bare handle."""
        return Account(**atomic.read_json(self.file(handle))) if self.knows(handle) else Account(handle)

    def names(self, handle: str) -> frozenset[str]:
        """The names by which sources know the account, now or before, in lower case."""
        path = self._names_file(handle)
        before = atomic.read_json(path) if path.exists() else []
        return frozenset({self.account(handle).handle.lower(), *before})

    def keys(self, handle: str) -> frozenset[str]:
        """What sources call the account now, or called it before, as keys. Empty if no source has said that."""
        if not self.knows(handle):
            return frozenset()
        site = self.account(handle).site
        return frozenset(account_key(Account(name, site=site)) for name in self.names(handle))

    def note(self, handle: str, account: Account) -> None:
        """Note what the account is called now and of which site it is. Its earlier names are kept."""
        if self.knows(handle):
            before, names = self.account(handle), self.names(handle)
            if account.handle.lower() not in names:
                atomic.write_json(self._names_file(handle), sorted(names))
            if not account.site and account.handle.lower() == before.handle.lower():
                account = replace(account, site=before.site)
        atomic.write_json(self.file(handle), account.as_json())

    def files(self, handle: str) -> tuple[Path, Path]:
        """The files of one account."""
        return self.file(handle), self._names_file(handle)

    def file(self, handle: str) -> Path:
        """What the source last said of the account."""
        return self._folder / f"{handle}.account.json"

    def _names_file(self, handle: str) -> Path:
        return self._folder / f"{handle}.names.json"

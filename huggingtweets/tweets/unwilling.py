"""Who must not be learned: people who were forgotten (tombstones), and people who opted out in the bot.

Both lie beside the tweets, in `.forgotten.json` and `.opted-out.json`, so that the command line, the bot and its
trainings all see them at once. An account is a key such as `x:@nasa`, or `x:12` where its site gave it a number. The
account decides and not the name alone, because a voice may be called anything.

Knows these two files. Does not know tweets, voices, or what a person has to prove.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huggingtweets.core import atomic
from huggingtweets.core.errors import Forgotten, OptedOut
from huggingtweets.core.records import JSON, Account

MEMBER = "member"  # the site of what a member of a server writes to the bot: nobody's handle, and lent to the bot alone


def account_key(account: Account) -> str:
    """An account as a key. A file that does not say where an account is, is taken for one of X."""
    return f"{account.site or 'x'}:@{account.handle.lower()}"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is kept of somebody who was forgotten: nothing but how to know them again."""

    handles: frozenset[str]
    accounts: frozenset[str]


class Unwilling:
    """The two lists beside the tweets in `folder`."""

    def __init__(self, folder: Path):
        self._folder = folder

    def tombstones(self) -> dict[str, Tombstone]:
        """Everybody who was forgotten, by the name they had here."""
        return {name: _tombstone(name, row) for name, row in self._read(self._forgotten).items()}

    def opted_out(self) -> dict[str, frozenset[str]]:
        """The accounts of everybody who opted out, by the name they have here."""
        return {name: frozenset(accounts) for name, accounts in self._read(self._opted_out).items()}

    def bury(self, name: str, handles: Collection[str], accounts: Collection[str]) -> None:
        """Leave a tombstone. What one of this name said before is added to it. Only for who holds the store's lock."""
        rows = self._read(self._forgotten)
        before = _tombstone(name, rows[name]) if name in rows else Tombstone(frozenset(), frozenset())
        row: JSON = {
            "handles": sorted(before.handles | set(handles)),
            "accounts": sorted(before.accounts | set(accounts)),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        atomic.write_json(self._forgotten, rows | {name: row})

    def lift(self, name: str) -> list[str]:
        """Take the tombstones of `name` and of the same accounts away. Returns their names.

        Only for who holds the store's lock.
        """
        rows = self._read(self._forgotten)
        lifted = same_accounts(name, self.tombstones())
        if lifted:
            atomic.write_json(self._forgotten, {key: row for key, row in rows.items() if key not in lifted})
        return sorted(lifted)

    def note_opted_out(self, people: Mapping[str, Collection[str]]) -> None:
        """Replace the list of who opted out, if it says something else."""
        new = {name: sorted(accounts) for name, accounts in sorted(people.items())}
        if new != self._read(self._opted_out):
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic.write_json(self._opted_out, new)

    def refuse(self, name: str, accounts: Collection[str] = ()) -> None:
        """Raises `Forgotten` or `OptedOut` for somebody who must not be learned, by their name or their accounts."""
        theirs = set(accounts)
        for buried, stone in self.tombstones().items():
            if name == buried or theirs & stone.accounts:
                raise Forgotten(_named(name, buried, stone.accounts), name)
        for person, known in self.opted_out().items():
            if name == person or theirs & known:
                raise OptedOut(_named(name, person, known), name)

    @property
    def _forgotten(self) -> Path:
        return self._folder / ".forgotten.json"

    @property
    def _opted_out(self) -> Path:
        return self._folder / ".opted-out.json"

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            rows: dict[str, Any] = atomic.read_json(path)
        except FileNotFoundError:
            return {}
        return rows


def _named(name: str, person: str, accounts: Collection[str]) -> str:
    """What to call a person in a sentence: as they were called in the request, if that is one of their names."""
    return name if account_key(Account(name)) in accounts else person


def same_accounts(name: str, tombstones: Mapping[str, Tombstone]) -> set[str]:
    """The names among `tombstones` of whoever is called `name` here, or else as an account of X."""
    accounts = set(tombstones[name].accounts) if name in tombstones else {account_key(Account(name))}
    found: set[str] = {name} & set(tombstones)
    while more := {one for one, stone in tombstones.items() if one not in found and accounts & stone.accounts}:
        found |= more
        accounts |= {account for one in more for account in tombstones[one].accounts}
    return found


def _tombstone(name: str, row: JSON) -> Tombstone:
    """A tombstone as it was written by this version or an older one."""
    handles = frozenset(row["handles"] if "handles" in row else [row.get("handle", name)])
    if "accounts" in row:
        return Tombstone(handles, frozenset(row["accounts"]))
    return Tombstone(handles, frozenset({f"x:@{handle.lower()}" for handle in handles} | set(row.get("sources", ()))))

"""Who must not be learned: people who were forgotten (tombstones), and people who opted out in the bot.

Both lists lie beside the tweets, in `.forgotten.json` and `.opted-out.json`, so the command line, the bot and its
trainings see a change at once. An account is a key such as `x:@nasa`, or `x:12` if its site gave it a number. The
account decides and not only the name, because a voice may be called anything.

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
    """An account as a key. If a file does not say of which site an account is, it counts as one of X."""
    return f"{account.site or 'x'}:@{account.handle.lower()}"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """All that is kept of somebody who was forgotten: how to recognise them."""

    handles: frozenset[str]
    accounts: frozenset[str]


class Unwilling:
    """The two lists beside the tweets in `folder`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._read_files: dict[Path, tuple[tuple[int, int, int], dict[str, Any]]] = {}

    def tombstones(self) -> dict[str, Tombstone]:
        """Everybody who was forgotten, by the name they had here."""
        rows = self._read(self._forgotten).items()
        return {name: _tombstone(name, row) for name, row in rows if not row.get("lifted")}

    def accounts_of(self, name: str) -> frozenset[str]:
        """The accounts of `name` by their tombstone, also of one that was lifted."""
        rows = self._read(self._forgotten)
        return _tombstone(name, rows[name]).accounts if name in rows else frozenset()

    def opted_out(self) -> dict[str, frozenset[str]]:
        """The accounts of everybody who opted out, by the name they have here."""
        return {name: frozenset(accounts) for name, accounts in self._read(self._opted_out).items()}

    def bury(self, name: str, handles: Collection[str], accounts: Collection[str]) -> None:
        """Leave a tombstone, or add to the one of this name. The caller must hold the store's lock."""
        rows = self._read(self._forgotten)
        before = _tombstone(name, rows[name]) if name in rows else Tombstone(frozenset(), frozenset())
        row: JSON = {
            "handles": sorted(before.handles | set(handles)),
            "accounts": sorted(before.accounts | set(accounts)),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        atomic.write_json(self._forgotten, rows | {name: row})

    def lift(self, name: str) -> list[str]:
        """Lift the tombstones of `name` and of the same accounts. Returns their names.

        Their accounts stay known, so that a later opt-out of this person holds for them under whatever name.
        The caller must hold the store's lock.
        """
        rows = self._read(self._forgotten)
        lifted = same_accounts(name, self.tombstones())
        if lifted:
            marked = {key: row | {"lifted": True} for key, row in rows.items() if key in lifted}
            atomic.write_json(self._forgotten, rows | marked)
        return sorted(lifted)

    def take_over(self, other: "Unwilling") -> None:
        """Add what `other` knows, for lists that come out of a backup. The caller must hold the store's lock.

        A tombstone of either stays. Who opted out there stays known by their accounts, whatever their name is here.
        """
        rows, others = self._read(self._forgotten), other._read(other._forgotten)
        for name, accounts in other.opted_out().items():
            others.setdefault(name, {"handles": [], "accounts": sorted(accounts), "lifted": True})
        for name, row in others.items():
            rows[name] = _both(name, rows[name], row) if name in rows else row
        if rows:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic.write_json(self._forgotten, rows)

    def note_opted_out(self, people: Mapping[str, Collection[str]]) -> None:
        """Replace the list of people who opted out, if it has changed."""
        new = {name: sorted(accounts) for name, accounts in sorted(people.items())}
        if new != self._read(self._opted_out):
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic.write_json(self._opted_out, new)

    def accounts(self) -> frozenset[str]:
        """The accounts of everybody who must not be learned."""
        buried = (stone.accounts for stone in self.tombstones().values())
        return frozenset().union(*buried, *self.opted_out().values())

    def refuse(self, name: str, accounts: Collection[str] = ()) -> None:
        """Raises `Forgotten` or `OptedOut` if the name or an account is of somebody who must not be learned."""
        theirs = set(accounts)
        for buried, stone in self.tombstones().items():
            if name == buried or theirs & stone.accounts:
                raise Forgotten(_named(name, buried, stone.accounts), name)
        for person, accounts_of_person in self.opted_out().items():
            if name == person or theirs & accounts_of_person:
                raise OptedOut(_named(name, person, accounts_of_person), name)

    @property
    def _forgotten(self) -> Path:
        return self._folder / ".forgotten.json"

    @property
    def _opted_out(self) -> Path:
        return self._folder / ".opted-out.json"

    def _read(self, path: Path) -> dict[str, Any]:
        """The rows of a file, which the caller may change. They are remembered until the file changes."""
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            entry = self._read_files.get(path)
            if not entry or entry[0] != stamp:
                entry = self._read_files[path] = (stamp, atomic.read_json(path))
        except FileNotFoundError:
            return {}
        return dict(entry[1])


def _named(name: str, person: str, accounts: Collection[str]) -> str:
    """What to call a person in a sentence: the name in the request if it is theirs, or else the name in the list."""
    return name if account_key(Account(name)) in accounts else person


def same_accounts(name: str, tombstones: Mapping[str, Tombstone]) -> set[str]:
    """The names among `tombstones` of whoever is called `name` here, or else as an account of X."""
    accounts = set(tombstones[name].accounts) if name in tombstones else {account_key(Account(name))}
    names: set[str] = {name} & set(tombstones)
    while more := {one for one, stone in tombstones.items() if one not in names and accounts & stone.accounts}:
        names |= more
        accounts |= {account for one in more for account in tombstones[one].accounts}
    return names


def _both(name: str, one: JSON, other: JSON) -> JSON:
    """The tombstone of somebody who has two. It is lifted only if both are."""
    first, second = _tombstone(name, one), _tombstone(name, other)
    row = {key: value for key, value in one.items() if key != "lifted"}
    row |= {
        "handles": sorted(first.handles | second.handles),
        "accounts": sorted(first.accounts | second.accounts),
    }
    return row | ({"lifted": True} if one.get("lifted") and other.get("lifted") else {})


def _tombstone(name: str, row: JSON) -> Tombstone:
    """A tombstone as it was written by this version or an older one."""
    handles = frozenset(row["handles"] if "handles" in row else [row.get("handle", name)])
    if "accounts" in row:
        return Tombstone(handles, frozenset(row["accounts"]))
    return Tombstone(handles, frozenset({f"x:@{handle.lower()}" for handle in handles} | set(row.get("sources", ()))))

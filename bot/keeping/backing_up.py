"""Making a backup while the bot runs: one file, whole or not at all.

The database is as it was at one moment, the beginning. The tweets are as they were at one moment a little later. A
version never changes, so each one is whole, and the version in use is among them. What was learned in between may be
there although the database does not know of it; that does no harm. If somebody is forgotten or opts out meanwhile, the
backup is made again, so that it does not hold who had gone before it was done.

Knows the order. Does not know the form of the file, or where a backup goes.
"""

import asyncio
import contextlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bot.core.config import Config
from bot.keeping import archive, sealing
from bot.keeping.archive import FACTS, Archived
from bot.keeping.places import DATABASE, SETTINGS, files_beside_versions, files_of_data, files_of_version
from bot.store import snapshots
from bot.store.sql.database import Database
from huggingtweets import __version__
from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.config.user_folders import settings_file
from huggingtweets.core.errors import NotNow, Unavailable, Usage
from huggingtweets.core.events import Progress
from huggingtweets.publishing.publish import REMOVAL
from huggingtweets.registry.in_use import CURRENT
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore

log = logging.getLogger(__name__)

FORMAT = 1
TRIES = 5  # so often somebody may be forgotten while a backup is made
SNAPSHOT, LOCK = ".backing-up", ".backing-up.lock"  # in the folder of the data
MEGABYTE = 1_000_000

Listener = Callable[[Progress], None]


@dataclass(frozen=True)
class Made:
    """A backup that was made: how many voices and accounts are in it, and how large it is."""

    voices: int
    accounts: int
    size: int


def back_up(
    config: Config, config_file: Path | None, file: Path, passphrase: str = "", progress: Listener = lambda _: None
) -> Made:
    """Write a backup to `file`, encrypted if there is a passphrase. Only another backup is replaced.

    Raises `Usage` if `file` is something else, `Unavailable` if there is no room, or another backup is being made.
    """
    _refuse_to_replace(file)
    data = config.storage.data
    data.mkdir(parents=True, exist_ok=True)
    try:
        with _alone(data), _snapshot_folder(data) as folder:
            for unfinished in atomic.unfinished(file):
                unfinished.unlink(missing_ok=True)
            return _made(_Backup(config, settings_file(config_file), folder, progress), file, passphrase)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Unavailable(f"There is no room for the backup {file}; nothing was written. Make room.") from error
        raise


def clear_unfinished(data: Path) -> None:
    """Delete the copy of the database that a killed backup left. One that is being made is let alone."""
    with contextlib.suppress(NotNow, OSError), _alone(data):
        shutil.rmtree(data / SNAPSHOT, ignore_errors=True)


def _made(backup: "_Backup", file: Path, passphrase: str) -> Made:
    with atomic.replaced(file, private=True) as out:
        for _ in range(TRIES):
            before = backup.withdrawn()
            backup.write(out, passphrase)
            if not backup.withdrawn() - before:
                return Made(len(backup.voices), backup.accounts, out.tell())
            log.info("somebody was forgotten or opted out meanwhile: the backup is made again")
            out.seek(0)
            out.truncate()
        raise NotNow("Again and again somebody was forgotten while the backup was made; make it again later.")


class _Backup:
    """What goes into a backup. It can be written several times."""

    def __init__(self, config: Config, settings: Path | None, folder: Path, progress: Listener):
        self._config = config
        self._settings = settings
        self._folder = folder
        self._progress = progress
        self._registry = Registry(config.storage.models)
        self._tweets = TweetStore(config.tweets)
        self.voices: set[str] = set()
        self.accounts = 0

    def withdrawn(self) -> frozenset[str]:
        """Everybody who was forgotten or has opted out until now."""
        names = asyncio.run(snapshots.withdrawn(Database(self._config.database_url)))
        return names | set(self._tweets.forgotten())

    def write(self, out: BinaryIO, passphrase: str) -> None:
        """Write everything to `out`."""
        self.voices.clear()
        snapshot = self._folder / DATABASE
        snapshot.unlink(missing_ok=True)
        revision = asyncio.run(snapshots.take(Database(self._config.database_url), snapshot))
        facts = {
            "format": FORMAT,
            "release": __version__,
            "revision": revision,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        pieces = self._shown(self._pieces(json.dumps(facts).encode(), snapshot), self._size(snapshot))
        if passphrase:
            sealing.seal(pieces, out, passphrase)
        else:
            out.writelines(pieces)

    def _pieces(self, facts: bytes, snapshot: Path) -> Iterator[bytes]:
        archived = Archived()
        yield from archived.add_bytes(FACTS, facts)
        yield from archived.add(DATABASE, snapshot)
        if self._settings:
            yield from archived.add_bytes(SETTINGS, self._settings.read_bytes())
        with self._tweets.at_rest():
            self.accounts = len(self._tweets.handles())
            for name, path in files_of_data(self._config.storage.data):
                yield from archived.add(name, path)
        for path in sorted(self._config.storage.models.glob(f"{REMOVAL}*.json")):
            yield from archived.add(f"models/{path.name}", path)
        for voice in self._registry.all_names():
            yield from self._voice(archived, voice)
        yield from archived.end()

    def _voice(self, archived: Archived, voice: str) -> Iterator[bytes]:
        """Every version of a voice. The version in use is noted last, and is one of them."""
        home, whole, current = self._config.storage.models / voice, set[str](), b""
        while missing := [version for version in self._registry.versions(voice) if version not in whole]:
            for version in missing:
                whole.add(version)
                yield from _version(archived, home / version)
            current = _read(home / CURRENT)
            if _in_use(current) in whole:
                self.voices.add(voice)
                break
        for name, path in files_beside_versions(home):
            content = current if path.name == CURRENT else _read(path)
            if content:
                yield from archived.add_bytes(name, content)

    def _size(self, snapshot: Path) -> int:
        models = self._config.storage.models
        files = [snapshot, *(path for _, path in files_of_data(self._config.storage.data))]
        files += [path for path in models.glob("[!.]*/v*/**/*") if path.is_file()]
        return sum(path.stat().st_size for path in files if path.exists())

    def _shown(self, pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
        total, done = max(1, size // MEGABYTE), 0
        for piece in pieces:
            yield piece
            done += len(piece)
            self._progress(Progress("backup", min(done // MEGABYTE, total - 1), total, {"unit": "MB"}))
        self._progress(Progress("backup", total, total, {"unit": "MB"}))


def _version(archived: Archived, version: Path) -> Iterator[bytes]:
    """The files of one version. If it was deleted meanwhile, it is not in the list, so nobody unpacks a part of it."""
    files = files_of_version(version)
    try:
        for name, path in files:
            yield from archived.add(name, path)
    except FileNotFoundError:
        for name, _ in files:
            archived.drop(name)


def _read(path: Path) -> bytes:
    """The content of a file, or nothing if it is gone."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _in_use(current: bytes) -> str:
    """The version that a current.json names. Empty if it is missing or damaged."""
    try:
        return str(json.loads(current)["version"])
    except (ValueError, KeyError, TypeError):
        return ""


def _refuse_to_replace(file: Path) -> None:
    """Raises `Usage` if there is something at `file` that is no backup, or no folder to put it into."""
    if not file.parent.is_dir():
        raise Usage(f"There is no folder {file.parent}; make it first, or name another one.")
    if not file.exists():
        return
    start = b""
    if file.is_file():
        with file.open("rb") as existing:
            start = existing.read(archive.BLOCK)
    if not (archive.is_plain(start) or sealing.is_sealed(start)):
        raise Usage(f"{file} is there already and is no backup; name another file.")


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    try:
        with atomic.locked(data / LOCK, wait=False):
            yield
    except BlockingIOError:
        raise NotNow("A backup is being made already; wait for it to end.") from None


@contextlib.contextmanager
def _snapshot_folder(data: Path) -> Iterator[Path]:
    """An empty folder for a copy of the database, which no other user may enter. It is deleted at the end."""
    folder = data / SNAPSHOT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""Restoring: a backup is unpacked beside what is here, checked, brought up to date, and put in place. All or nothing.

Knows the order. Does not know the form of a backup, whose word counts, or how things are put in place.
"""

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.core.config import Config
from bot.keeping import archive, sealing, swap
from bot.keeping.archive import FACTS, Readable
from bot.keeping.backing_up import FORMAT, MEGABYTE, Listener
from bot.keeping.contents import contents_in_words
from bot.keeping.places import Staging
from bot.keeping.reconciling import reconcile
from bot.store import snapshots
from bot.store.sql.database import Database
from bot.store.sql.leading import leading_at_once
from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.errors import BadFile, Unavailable, Usage
from huggingtweets.core.events import Progress
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore


@dataclass(frozen=True)
class Restored:
    """What is in place now.

    `settings` is the file with the backup's settings, if it had other ones. `resumed` is True if this was the rest of
    an earlier restore that was cut off, and nothing else.
    """

    voices: int
    accounts: int
    settings: Path | None
    resumed: bool = False


async def restore(
    config: Config,
    config_file: Path | None,
    backup: Path,
    ask: Callable[[], str],
    *,
    replace: bool = False,
    progress: Listener = lambda _: None,
) -> Restored:
    """Put what is in `backup` in place. `ask` is called for a passphrase if the backup needs one.

    What is here is replaced only if that is wanted. Raises `BadFile` for a backup that cannot be used, `Usage` if
    something is here, `NotNow` while the bot runs, `Unavailable` for a newer release or a full disk. Then all is as it
    was.
    """
    with swap.alone(config):
        if await swap.finish(config, config_file):
            return _restored(config, config_file, resumed=True)
        if not replace:
            await _refuse_what_is_here(config)
        async with leading_at_once(Database(config.database_url)), _staging(config, backup) as staging:
            await asyncio.to_thread(_unpack, backup, ask, staging, progress)
            _refuse_bases(backup, config, staging)
            await asyncio.to_thread(_bring_up_to_date, backup, staging)
            await reconcile(backup, config, staging)
            await swap.replace(config, config_file)
    return _restored(config, config_file)


async def go_on(config: Config, config_file: Path | None) -> None:
    """Complete a restore that was cut off, before the bot starts. Raises `NotNow` while somebody restores."""
    if not swap.is_begun(config):
        return
    with swap.alone(config):
        await swap.finish(config, config_file)
        swap.clear(Staging.of(config))


def _restored(config: Config, config_file: Path | None, *, resumed: bool = False) -> Restored:
    settings = swap.restored_settings(config_file)
    return Restored(
        voices=len(Registry(config.storage.models).names()),
        accounts=len(TweetStore(config.tweets).handles()),
        settings=settings if settings.exists() else None,
        resumed=resumed,
    )


async def _refuse_what_is_here(config: Config) -> None:
    """Raises `Usage` if there is anything that a restore would replace."""
    voices, accounts = Registry(config.storage.models).all_names(), TweetStore(config.tweets).handles()
    has_database = await snapshots.is_there(Database(config.database_url))
    if voices or accounts or has_database:
        here = contents_in_words(len(voices), len(accounts))
        raise Usage(
            f"There is something here already: {', '.join([*here, *['a database'] * has_database])}. "
            "Say --replace to put the backup in its place; who was forgotten here stays forgotten."
        )


@asynccontextmanager
async def _staging(config: Config, backup: Path) -> AsyncIterator[Staging]:
    """Empty folders to unpack into. They are deleted at the end, unless they are being put in place by then."""
    staging = Staging.of(config)
    swap.clear(staging)
    try:
        for folder in (staging.data, staging.models):
            folder.mkdir(parents=True, mode=0o700)
        yield staging
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Unavailable(
                f"There is no room to restore {backup}; nothing was changed. Make room, and restore it again."
            ) from error
        raise
    finally:
        if not swap.is_unfinished(config):
            swap.clear(staging)


def _unpack(backup: Path, ask: Callable[[], str], staging: Staging, progress: Listener) -> None:
    try:
        size = atomic.require_file(backup).stat().st_size
        with backup.open("rb") as file, _read(backup, file, ask) as stream:
            _take_room(size, staging.data)
            archive.unpack(backup, stream, staging.place, _shown(size, progress))
        total = _megabytes(size)
        progress(Progress("restore", total, total, {"unit": "MB"}))
    except FileNotFoundError as error:
        if error.filename != str(backup):
            raise
        raise BadFile(backup, "there is no such file", "name a backup that there is") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise BadFile(backup, "a name in it is too long", "take another backup") from error
        raise


@contextmanager
def _read(backup: Path, file: BinaryIO, ask: Callable[[], str]) -> Iterator[Readable]:
    """What is in `file`, decrypted if need be."""
    start = file.read(archive.BLOCK)
    if sealing.is_sealed(start):
        file.seek(len(sealing.BEGINNING))
        with sealing.opened(backup, file, ask()) as stream:
            yield stream
    elif archive.is_plain(start):
        file.seek(0)
        yield file
    else:
        raise BadFile(backup, "it is no backup of this software, or its beginning is damaged", "name another file")


def _take_room(size: int, folder: Path) -> None:
    """Raises `OSError` at once if the disk has less room than the backup is large."""
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, "the disk has too little room")


def _megabytes(size: int) -> int:
    return max(1, size // MEGABYTE)


def _shown(size: int, progress: Listener) -> Callable[[int], None]:
    total, done = _megabytes(size), 0

    def took(count: int) -> None:
        nonlocal done
        done += count
        progress(Progress("restore", min(done // MEGABYTE, total - 1), total, {"unit": "MB"}))

    return took


def _refuse_bases(backup: Path, config: Config, staging: Staging) -> None:
    """Raises `BadFile` if a voice would replace a base model that lies here under its name."""
    for voice in Registry(staging.models).kept():
        if (config.storage.models / voice / "config.json").exists():
            raise BadFile(backup, f"its voice {voice} has the name of a base model here", "move that folder away")


def _bring_up_to_date(backup: Path, staging: Staging) -> None:
    try:
        facts = atomic.read_json(staging.data / FACTS)
        form, revision = int(facts["format"]), str(facts["revision"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadFile(backup, "what it says of itself cannot be read", "take another backup") from error
    if form > FORMAT or not staging.snapshot.exists():
        revision = ""
    snapshots.bring_up_to_date(backup, staging.snapshot, revision, staging.database)

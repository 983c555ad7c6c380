"""What was unpacked and reconciled takes the place of what is here: by renames, which are noted before they begin.

After a kill in between, the next restore or the next start of the bot goes on with them. Until they begin, everything
here is as it was.

Knows folders and the journal. Does not know what a backup is.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.core.config import Config
from bot.keeping.places import FOLDERS, READS, Staging
from bot.store import snapshots
from bot.store.sql.database import Database
from bot.store.sql.leading import leading_at_once
from huggingtweets.core import atomic
from huggingtweets.core.config.user_folders import settings_file, user_settings
from huggingtweets.core.errors import NotNow
from huggingtweets.publishing.publish import REMOVAL
from huggingtweets.registry.versions import Registry

JOURNAL, LOCK = ".restoring.json", ".restoring.lock"  # in the folder of the data
RESTORED_SETTINGS = "config.restored.toml"


@contextlib.contextmanager
def alone(config: Config) -> Iterator[None]:
    """No other process restores while the context lasts. Raises `NotNow` if one does."""
    data = config.storage.data
    data.mkdir(parents=True, exist_ok=True)
    try:
        with atomic.locked(data / LOCK, wait=False):
            yield
    except BlockingIOError:
        raise NotNow("A backup is being restored here; wait for it to end.") from None


def is_unfinished(config: Config) -> bool:
    """Returns True if a restore has begun to replace what is here, and was cut off."""
    return (config.storage.data / JOURNAL).exists()


def is_begun(config: Config) -> bool:
    """Returns True if a restore is at work, or was cut off, whatever it had done by then."""
    return is_unfinished(config) or Staging.of(config).data.exists()


async def replace(config: Config, config_file: Path | None) -> None:
    """Put what lies in the staging folders in place, and nothing else stays. The caller must be `alone`, and lead.

    Raises `NotNow` while a voice is trained.
    """
    staging = Staging.of(config)
    with Registry(config.storage.models).at_rest():
        atomic.write_json(config.storage.data / JOURNAL, {"voices": Registry(staging.models).kept()})
        await _replace(config, config_file, staging)


async def finish(config: Config, config_file: Path | None) -> bool:
    """Go on with a replacement that was cut off. Returns True if there was one. The caller must be `alone`."""
    if not is_unfinished(config):
        return False
    async with leading_at_once(Database(config.database_url)):
        await _replace(config, config_file, Staging.of(config))
    return True


async def _replace(config: Config, config_file: Path | None, staging: Staging) -> None:
    """Each step is done once, whatever was done of it before."""
    journal = config.storage.data / JOURNAL
    voices = json.loads(journal.read_text(encoding="utf-8"))["voices"]
    await _database(config, staging)
    _models(config.storage.models, staging.models, voices)
    for folder in FOLDERS:
        _folder(staging.data / folder, config.storage.data / folder, staging.data / f"old-{folder}")
    if (reads := staging.data / READS).exists():
        reads.replace(config.storage.data / READS)
    _settings(staging.settings, config_file)
    atomic.sync_folder(config.storage.data)
    atomic.sync_folder(config.storage.models)
    journal.unlink()
    clear(staging)


def clear(staging: Staging) -> None:
    """Delete what is left in the staging folders."""
    for folder in (staging.data, staging.models):
        shutil.rmtree(folder, ignore_errors=True)


def restored_settings(config_file: Path | None) -> Path:
    """Where the settings of a backup are put: beside those that are in use."""
    return (settings_file(config_file) or user_settings()).with_name(RESTORED_SETTINGS)


async def _database(config: Config, staging: Staging) -> None:
    if not staging.database.exists():
        return
    database = Database(config.database_url)
    if database.is_sqlite:
        path = Path(database.url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        for log in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            log.unlink(missing_ok=True)
        if staging.database.stat().st_dev == path.parent.stat().st_dev:
            staging.database.replace(path)
        else:
            with atomic.replaced(path) as out, staging.database.open("rb") as file:
                shutil.copyfileobj(file, out)
    else:
        async with database:
            await snapshots.put(staging.database, database)
    staging.database.unlink(missing_ok=True)


def _models(models: Path, staged: Path, voices: list[str]) -> None:
    """Every voice of the backup replaces the one here, and the others go. Bases stay, and what the Hub is owed."""
    models.mkdir(parents=True, exist_ok=True)
    for gone in set(Registry(models).kept()) - set(voices):
        shutil.rmtree(models / gone, ignore_errors=True)
    for name in voices:
        if (staged / name).exists():
            shutil.rmtree(models / name, ignore_errors=True)
            (staged / name).replace(models / name)
    for removal in staged.glob(f"{REMOVAL}*.json"):
        removal.replace(models / removal.name)


def _folder(staged: Path, folder: Path, old: Path) -> None:
    if staged.exists():
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.replace(old)
        staged.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _settings(staged: Path, config_file: Path | None) -> None:
    """Put the settings of the backup beside those here, unless they are the same."""
    if not staged.exists():
        return
    here, text = settings_file(config_file), staged.read_text(encoding="utf-8")
    if not (here and here.exists() and here.read_text(encoding="utf-8") == text):
        atomic.write_text(restored_settings(config_file), text)
    staged.unlink()

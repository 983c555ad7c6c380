"""What this machine has: something to compute on, room on its disks, a database that answers.

Knows torch, disks and the database. Does not know who is told.
"""

import shutil
from pathlib import Path

from bot.store import snapshots
from bot.store.sql.database import Database
from bot.store.sql.upgrading import is_known
from huggingtweets.core import atomic
from huggingtweets.core.config.settings import GenerationSettings, StorageSettings
from huggingtweets.core.errors import Unavailable

LEAST_BYTES = 1_000_000_000  # a training of the default base, and what it leaves
DATABASE_SECONDS = 10.0


def device(settings: GenerationSettings) -> str:
    """What draws here, as `devices.make_decoder` chooses it."""
    import torch

    if settings.precision == "fp32":
        return "torch, in fp32"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, in bfloat16"
    from huggingtweets.generation.engine import native

    try:
        return f"the kernels, with {native.products_here()[-1]}"
    except RuntimeError as error:
        raise Unavailable(
            f"The kernels cannot be used, so drawing is slow ({error}); install a compiler, and the software again."
        ) from error


def disk(storage: StorageSettings) -> str:
    """How much room there is, and whether files can be written."""
    free = {}
    for folder in map(_existing, (storage.data, storage.models)):
        try:
            atomic.write_text(folder / ".check", "")
            (folder / ".check").unlink()
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written ({error.strerror}); give it to this user.") from error
        free[folder] = shutil.disk_usage(folder).free
    for folder, room in free.items():
        if room < LEAST_BYTES:
            raise Unavailable(f"{folder} has room for {room / 1e6:.0f} MB only; make room, 1 GB at least.")
    return f"room for {min(free.values()) / 1e9:.1f} GB"


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it, in which it will be made."""
    return next(path for path in (folder, *folder.parents) if path.exists())


async def database(url: str) -> str:
    """Whether it answers. One that is not there yet is made by the first start."""
    there = Database(url)
    if there.is_sqlite and not snapshots.has_file(there):
        return "not there yet; the first start makes it"
    async with there.connected():
        await there.answers(DATABASE_SECONDS)
        revision = await snapshots.revision_of(there)
    if revision and not is_known(revision):
        raise Unavailable(f"{there.shown} is of a newer release; start that release, or restore a backup.")
    return f"{there.shown} answers"

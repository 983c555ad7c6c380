"""Where voices lie for all machines: in one folder that each sees at the same path, or in a store with a copy on each.

Knows folders, versions and fsspec. Does not know Ray or who draws.
"""

import contextlib
import errno
import logging
import os
import secrets
import shutil
import threading
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import psutil

from bot.cluster.messages import Plan
from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.config.base_folders import PREPARED
from huggingtweets.core.errors import Unavailable, UnknownModel, first_line
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice
from huggingtweets.model.merged import base_of
from huggingtweets.registry.blend import Blend, parts_of
from huggingtweets.registry.manifest import ADAPTER, MANIFEST, MODEL
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry

log = logging.getLogger(__name__)

MARK = ".cluster.json"  # all who see it with the same content see the same storage
PART = ".part-"  # begins the name of a copy that is not whole; the process that makes it follows


class Unfit(Unavailable):
    """A machine cannot do its part: it does not see the storage, or its disk is full. The sentence is for the log."""

    PEOPLE = Phrase("One of the machines that I write on has a fault; try again in a minute, or ask whoever runs me.")


class Storage(Protocol):
    """`mark`, `offer` and `withdraw` are called beside the bot, the others on every machine."""

    def mark(self) -> str:
        """What every machine must find there. It is put there if it is missing."""
        ...

    def offer(self, voice: Drawable) -> None:
        """Make sure that every machine can get at `voice`."""
        ...

    def withdraw(self, name: str) -> None:
        """Delete what was offered of `name`, and of all voices with this person in them."""
        ...

    def withdraw_unknown(self) -> set[str]:
        """Delete what was offered and is no longer here, whoever deleted it. Returns the people who were in it."""
        ...

    def fault(self, mark: str) -> str:
        """Why this machine does not see the storage, for the operator; empty if it does."""
        ...

    def here(self, voice: Drawable) -> Drawable:
        """`voice` with the folders that it has on this machine. Raises `Unfit` if it cannot be had."""
        ...

    def sweep(self) -> None:
        """Delete this machine's copies of what was withdrawn."""
        ...


def storage_of(plan: Plan) -> Storage:
    """The storage that the settings name."""
    models = plan.settings.storage.models.absolute()
    if plan.cluster.is_remote_storage:
        return Store(models, plan.cluster.storage, plan.cluster.cache.absolute())
    return SharedFolder(models)


class SharedFolder:
    """The folder of models itself, which is mounted at the same path everywhere."""

    def __init__(self, models: Path):
        self._models = models

    def mark(self) -> str:
        file = self._models / MARK
        with contextlib.suppress(OSError, ValueError, KeyError):
            return str(atomic.read_json(file)["mark"])
        self._models.mkdir(parents=True, exist_ok=True)
        atomic.write_json(file, {"mark": secrets.token_hex(16)})
        return str(atomic.read_json(file)["mark"])

    def fault(self, mark: str) -> str:
        try:
            if atomic.read_json(self._models / MARK)["mark"] == mark:
                return ""
            why = "another folder is there"
        except (OSError, ValueError, KeyError) as error:
            why = first_line(error)
        return f"It does not see the bot's folder {self._models} ({why}); mount it at the same path on every machine."

    def offer(self, voice: Drawable) -> None:
        pass

    def withdraw(self, name: str) -> None:
        pass

    def withdraw_unknown(self) -> set[str]:
        return set()

    def here(self, voice: Drawable) -> Drawable:
        return voice

    def sweep(self) -> None:
        pass


class Store:
    """A store of objects that fsspec knows, such as `s3://bucket/voices`. Every machine keeps copies in `cache`.

    Only what drawing needs is offered: weights and manifests. No text of a person goes there.
    """

    def __init__(self, models: Path, url: str, cache: Path):
        self._models, self._url, self._cache = models, url.rstrip("/"), cache / "models"
        self._offered: set[str] = set()
        self._voices_there: set[VoiceName] | None = None  # None: the store has not been looked at yet
        # What is being offered is not withdrawn in between, and nothing is fetched twice at the same time.
        self._changing, self._fetching = threading.RLock(), threading.RLock()

    @cached_property
    def _files(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        # Other machines change the store, so nothing of it is remembered.
        files, root = url_to_fs(self._url, use_listings_cache=False)
        return files, str(root)

    def mark(self) -> str:
        files, root = self._files
        try:
            return str(files.cat_file(f"{root}/{MARK}").decode())
        except FileNotFoundError:
            files.makedirs(root, exist_ok=True)
            files.pipe_file(f"{root}/{MARK}", secrets.token_hex(16).encode())
            return str(files.cat_file(f"{root}/{MARK}").decode())

    def fault(self, mark: str) -> str:
        files, root = self._files
        try:
            if files.cat_file(f"{root}/{MARK}").decode() == mark:
                return ""
            why = "another store is there"
        except Exception as error:  # noqa: BLE001  each store has errors of its own
            why = first_line(error)
        return f"It does not see the store {self._url} ({why}); give it the same keys and network as the bot."

    def offer(self, voice: Drawable) -> None:
        if isinstance(voice, PreviewVoice):
            self._offer_base(voice.base)
            return
        for _, version in parts_of(voice):
            if not version.model.exists():
                self._offer_base(base_of(version))
            key = f"{version.name}/{version.version} {version.manifest.created}"
            if key not in self._offered:
                with self._changing:
                    self._offer_version(version)
                    self._offered.add(key)

    def _offer_version(self, version: Version) -> None:
        """Raises `UnknownModel` if somebody has deleted the version meanwhile. Then nothing of it is in the store."""
        manifest = version.folder / MANIFEST
        try:
            self._put(
                f"{version.name}/{version.version}", [version.folder / part for part in (ADAPTER, MODEL)], manifest
            )
            is_here = manifest.exists()
        except FileNotFoundError:
            is_here = False
        if is_here:
            if self._voices_there is not None:
                self._voices_there.add(version.name)
        else:
            # Whoever deletes a voice withdraws it afterwards, and that may have been while it was put there.
            self._remove(version.name)
            raise UnknownModel(version.name)

    def _offer_base(self, base: str) -> None:
        folder = Path(base)
        if folder.is_relative_to(self._models / PREPARED) and base not in self._offered:
            parts = [path for path in folder.iterdir() if path.name != "config.json"]
            with self._changing:
                self._put(folder.relative_to(self._models).as_posix(), parts, folder / "config.json")
                self._offered.add(base)

    def _put(self, below: str, parts: list[Path], last: Path) -> None:
        """Put `parts` there, and `last` when all of them are there, unless it is there already."""
        files, root = self._files
        target = f"{root}/{below}"
        content = last.read_bytes()
        with contextlib.suppress(FileNotFoundError):
            if files.cat_file(f"{target}/{last.name}") == content:
                return
        for part in filter(Path.exists, parts):
            for file in [part] if part.is_file() else filter(Path.is_file, part.rglob("*")):
                remote = f"{target}/{file.relative_to(last.parent).as_posix()}"
                files.makedirs(remote.rpartition("/")[0], exist_ok=True)
                files.put_file(str(file), remote)
        files.pipe_file(f"{target}/{last.name}", content)

    def withdraw(self, name: str) -> None:
        with self._changing:
            self._offered.clear()
            for voice in self._voices():
                if name in voice.people:
                    self._remove(voice)

    def withdraw_unknown(self) -> set[str]:
        with self._changing:
            if self._voices_there is None:
                self._voices_there = set(self._voices())
            registry = Registry(self._models)
            gone = {voice for voice in self._voices_there if not registry.versions(voice)}
            if gone:
                self._offered.clear()
            for voice in gone:
                self._remove(voice)
                self._voices_there.discard(voice)
        return {person for voice in gone for person in voice.people}

    def _voices(self) -> list[VoiceName]:
        files, root = self._files
        try:
            paths = files.ls(root, detail=False)
        except FileNotFoundError:
            return []
        names = [str(path).rstrip("/").rpartition("/")[2] for path in paths]
        return [VoiceName(name) for name in names if not name.startswith(".")]

    def _remove(self, voice: VoiceName) -> None:
        files, root = self._files
        for path in files.find(f"{root}/{voice}"):
            if path.endswith(f"/{MANIFEST}"):
                files.rm_file(path)  # then no machine fetches the rest
        with contextlib.suppress(FileNotFoundError):  # a store of objects has no empty folders
            files.rm(f"{root}/{voice}", recursive=True)

    def here(self, voice: Drawable) -> Drawable:
        try:
            if isinstance(voice, PreviewVoice):
                return replace(voice, base=self._base_here(voice.base))
            if isinstance(voice, Blend):
                return Blend(tuple((weight, self._version_here(version)) for weight, version in voice.parts))
            return self._version_here(voice)
        except OSError as error:
            full = error.errno in NO_ROOM
            mend = "make room there" if full else "look at the store and at the network"
            raise Unfit(f"A voice cannot be copied to {self._cache} ({first_line(error)}); {mend}.") from error

    def _version_here(self, version: Version) -> Version:
        below = f"{version.name}/{version.version}"
        copy = replace(version, folder=self._cache / below)
        base = version.manifest.base
        if Path(base).is_relative_to(self._models / PREPARED):
            raise Unfit(f"{version.name} was trained on {base}, which only the bot's machine has.")
        if not _is_copy(copy):
            with self._fetching:
                if not _is_copy(copy):
                    self._fetch(below, MANIFEST)
            if not _is_copy(copy):
                raise FileNotFoundError(f"{self._url}/{below} is another version")
            if not self._is_offered(copy.folder):
                # It was withdrawn while it was copied, and the copies may have been swept before this one was whole.
                shutil.rmtree(copy.folder, ignore_errors=True)
                raise FileNotFoundError(f"{self._url}/{below} is not there any more")
        if not copy.model.exists():
            self._base_here(base_of(copy))
        return copy

    def _base_here(self, base: str) -> str:
        """Where `base` lies on this machine. One that lies with the voices is fetched if need be."""
        for root in (self._models, self._cache):
            if Path(base).is_relative_to(root / PREPARED):
                below = Path(base).relative_to(root)
                with self._fetching:
                    if not (self._cache / below / "config.json").exists():
                        self._fetch(below.as_posix(), "config.json")
                return str(self._cache / below)
        return base

    def _fetch(self, below: str, last: str) -> None:
        """Copy a folder from the store, whole or not at all. If there is no room, older copies make it."""
        while True:
            try:
                self._fetch_once(below, last)
            except OSError as error:
                if error.errno not in NO_ROOM or not self._make_room():
                    raise
            else:
                return

    def _fetch_once(self, below: str, last: str) -> None:
        files, root = self._files
        target, source = self._cache / below, f"{root}/{below}"
        part = self._cache / f"{PART}{os.getpid()}-{secrets.token_hex(8)}"
        try:
            names = [path[len(files._strip_protocol(source)) + 1 :] for path in files.find(source)]
            if last not in names:
                raise FileNotFoundError(f"{self._url}/{below} is not there")
            for name in names:
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                files.get_file(f"{source}/{name}", str(part / name))
            target.parent.mkdir(parents=True, exist_ok=True)
            while not _is_same(target / last, part / last):  # another process of this machine may fetch it as well
                shutil.rmtree(target, ignore_errors=True)
                try:
                    part.rename(target)
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                else:
                    return
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _make_room(self) -> bool:
        """Delete the copy of a voice that was fetched first. Returns False if there is none."""
        copies = sorted(self._cache.glob(f"[!.]*/*/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
        if copies:
            atomic.delete(copies[0].parent)
        return bool(copies)

    def sweep(self) -> None:
        for manifest in self._cache.glob(f"[!.]*/*/{MANIFEST}"):
            if not self._is_offered(manifest.parent):
                shutil.rmtree(manifest.parent, ignore_errors=True)
        for part in self._cache.glob(f"{PART}*"):
            maker = part.name.removeprefix(PART).partition("-")[0]
            if not maker.isdecimal() or not psutil.pid_exists(int(maker)):
                shutil.rmtree(part, ignore_errors=True)

    def _is_offered(self, copy: Path) -> bool:
        """True if the store still has what this machine has in the folder `copy`."""
        files, root = self._files
        try:
            there = files.cat_file(f"{root}/{copy.relative_to(self._cache).as_posix()}/{MANIFEST}")
            return bool(there == (copy / MANIFEST).read_bytes())
        except FileNotFoundError:
            return False


def _is_same(file: Path, other: Path) -> bool:
    try:
        return file.read_bytes() == other.read_bytes()
    except FileNotFoundError:
        return False


def _is_copy(version: Version) -> bool:
    try:
        return str(atomic.read_json(version.folder / MANIFEST)["created"]) == version.manifest.created
    except (OSError, ValueError, KeyError):
        return False

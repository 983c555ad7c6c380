"""Where voices lie for all machines: in one folder that each sees at the same path, or in a store with a copy on each.

Knows folders, versions and fsspec. Does not know Ray or who draws.
"""

import contextlib
import logging
import secrets
import shutil
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from bot.cluster.messages import Plan
from huggingtweets.core import atomic
from huggingtweets.core.atomic import NO_ROOM
from huggingtweets.core.base_folders import PREPARED
from huggingtweets.core.errors import Unavailable, first_line
from huggingtweets.core.names import VoiceName
from huggingtweets.core.phrases import Phrase
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice
from huggingtweets.model.merged import base_of
from huggingtweets.registry.blend import Blend, parts_of
from huggingtweets.registry.manifest import ADAPTER, MANIFEST, MODEL
from huggingtweets.registry.versions import Registry, Version

log = logging.getLogger(__name__)

MARK = ".cluster.json"  # all who see it with the same content see the same storage


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

    @cached_property
    def _files(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        files, root = url_to_fs(self._url)
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
            below = f"{version.name}/{version.version}"
            if f"{below} {version.manifest.created}" not in self._offered:
                self._put(below, [version.folder / part for part in (ADAPTER, MODEL)], version.folder / MANIFEST)
                self._offered.add(f"{below} {version.manifest.created}")

    def _offer_base(self, base: str) -> None:
        folder = Path(base)
        if folder.is_relative_to(self._models / PREPARED) and base not in self._offered:
            parts = [path for path in folder.iterdir() if path.name != "config.json"]
            self._put(str(folder.relative_to(self._models)), parts, folder / "config.json")
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
        self._offered.clear()
        for voice in self._voices():
            if name in voice.people:
                self._remove(voice)

    def withdraw_unknown(self) -> None:
        """Delete what the bot has forgotten while the store could not be reached, or while nothing ran."""
        for voice in set(self._voices()) - set(Registry(self._models).all_names()):
            self._remove(voice)

    def _voices(self) -> list[VoiceName]:
        files, root = self._files
        try:
            paths = files.ls(root, detail=False, refresh=True)
        except FileNotFoundError:
            return []
        names = [str(path).rstrip("/").rpartition("/")[2] for path in paths]
        return [VoiceName(name) for name in names if not name.startswith(".")]

    def _remove(self, voice: VoiceName) -> None:
        files, root = self._files
        for path in files.find(f"{root}/{voice}"):
            if path.endswith(f"/{MANIFEST}"):
                files.rm_file(path)  # then no machine fetches the rest
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
            self._fetch(below, MANIFEST)
            if not _is_copy(copy):
                raise FileNotFoundError(f"{self._url}/{below} is another version")
        if not copy.model.exists():
            self._base_here(base_of(copy))
        return copy

    def _base_here(self, base: str) -> str:
        """Where `base` lies on this machine. One that lies with the voices is fetched if need be."""
        for root in (self._models, self._cache):
            if Path(base).is_relative_to(root / PREPARED):
                below = Path(base).relative_to(root)
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
        part = self._cache / f".part-{secrets.token_hex(8)}"
        try:
            names = [path[len(files._strip_protocol(source)) + 1 :] for path in files.find(source)]
            if last not in names:
                raise FileNotFoundError(f"{self._url}/{below} is not there")
            for name in names:
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                files.get_file(f"{source}/{name}", str(part / name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _make_room(self) -> bool:
        """Delete the copy of a voice that was fetched first. Returns False if there is none."""
        copies = sorted(self._cache.glob(f"[!.]*/*/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
        if copies:
            atomic.delete(copies[0].parent)
        return bool(copies)

    def sweep(self) -> None:
        files, root = self._files
        for manifest in self._cache.glob(f"[!.]*/*/{MANIFEST}"):
            below = manifest.parent.relative_to(self._cache).as_posix()
            try:
                is_offered = files.cat_file(f"{root}/{below}/{MANIFEST}") == manifest.read_bytes()
            except FileNotFoundError:
                is_offered = False
            if not is_offered:
                shutil.rmtree(manifest.parent, ignore_errors=True)
        for part in self._cache.glob(".part-*"):
            shutil.rmtree(part, ignore_errors=True)


def _is_copy(version: Version) -> bool:
    try:
        return str(atomic.read_json(version.folder / MANIFEST)["created"]) == version.manifest.created
    except (OSError, ValueError, KeyError):
        return False

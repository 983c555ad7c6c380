"""Versions of models on disk: staged, promoted, rolled back, forgotten.

`<root>/<name>/<version>/` is complete once it has its manifest.json, and is never changed after that.
`<root>/<name>/current.json` says which version is in use and which ones were in use before. A version that is being
made lies in `<root>/<name>/.staged/`, where the next run continues. A version that is not good enough is kept, and its
manifest says why it is not used.

Knows folders and manifests. Does not know torch or what is in the weights.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.errors import PipelineError, Unavailable, UnknownModel, UnknownVersion, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.core.remembered import Remembered
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry import in_use, locks, trainer
from huggingtweets.registry import manifest as manifests
from huggingtweets.registry.in_use import CURRENT, InUse
from huggingtweets.registry.manifest import MANIFEST, Manifest
from huggingtweets.registry.version import Version

log = logging.getLogger(__name__)

STAGED = ".staged"
RELEASING = ".releasing.json"
FORGOTTEN = ".forgotten-"
_VERSION = re.compile(r"v[0-9]+")
MAX_REMEMBERED = 500  # manifests in memory


class Registry:
    """All models below one folder. Every change is one rename, so it is either complete or not there."""

    def __init__(self, root: Path):
        self.root = root
        self._manifests: Remembered[Manifest] = Remembered(MAX_REMEMBERED)  # every answer needs one

    def names(self) -> list[VoiceName]:
        """Models with a version in use, sorted. Other folders, such as the base model's, are passed over."""
        return sorted(VoiceName(path.parent.name) for path in self.root.glob(f"*/{CURRENT}"))

    def versions(self, name: str) -> list[str]:
        """Complete versions, the oldest first."""
        folders = (path.parent.name for path in (self.root / name).glob(f"v*/{MANIFEST}"))
        return sorted((version for version in folders if version[1:].isdecimal()), key=_number)

    def current(self, name: str) -> Version:
        """The version in use. Raises `UnknownModel`."""
        return self.version(name, self._in_use(name).version)

    def _in_use(self, name: str) -> InUse:
        now = in_use.read(self.root / name)
        if not now:
            raise self._unknown(name)
        return now

    def _unknown(self, name: str) -> UnknownModel:
        return UnknownModel(name, did_you_mean(name, self.names()))

    def in_use(self) -> list[Version]:
        """The versions in use, sorted by name. One that is damaged, or was forgotten meanwhile, is left out."""
        versions: list[Version] = []
        for name in self.names():
            try:
                versions.append(self.current(name))
            except PipelineError as error:
                log.warning("the model %s is left out: %s", name, error)
        return versions

    def all_names(self) -> list[VoiceName]:
        """Models with a complete version, in use or not, sorted."""
        return sorted({VoiceName(path.parent.parent.name) for path in self.root.glob(f"*/v*/{MANIFEST}")})

    def kept(self) -> list[VoiceName]:
        """Names of which anything is left, such as a staged version or an interrupted deletion, sorted."""
        homes = {path.name for path in self.root.glob("[!.]*") if path.is_dir() and not _is_base(path)}
        deleting = {path.name.removeprefix(FORGOTTEN) for path in self.root.glob(f"{FORGOTTEN}*")}
        return sorted(map(VoiceName, homes | deleting))

    def rejected(self, name: str) -> list[Version]:
        """The versions that did not pass the gate, the oldest first. One that cannot be read is left out."""
        versions: list[Version] = []
        for version in self.versions(name):
            with suppress(PipelineError):
                versions.append(self.version(name, version))
        return [version for version in versions if version.rejected]

    def version(self, name: str, version: str) -> Version:
        """One version of a model. Raises `UnknownModel`, `UnknownVersion`, or `Unavailable` if it is damaged."""
        folder = self.root / name / version
        if not _VERSION.fullmatch(version):
            raise self._missing(name, version)
        try:
            manifest = self._manifests.read(folder / MANIFEST, lambda path: manifests.read(path.parent))
        except FileNotFoundError:
            raise self._missing(name, version) from None
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"{folder / MANIFEST} cannot be read ({error}); "
                f"promote another version, or move the folder of {name} away and train again.",
                for_people=Phrase(
                    "{version} of {name} is damaged; put another version in use, or ask whoever runs me.",
                    version=version,
                    name=name,
                ),
            ) from error
        return Version(VoiceName(name), version, folder, manifest)

    def _missing(self, name: str, version: str) -> UnknownModel | UnknownVersion:
        versions = self.versions(name)
        return UnknownVersion(name, version, tuple(versions)) if versions else self._unknown(name)

    def promote(self, name: str, version: str) -> Version:
        """Put `version` in use. The switch is one rename, and a crash before it leaves the old version in use."""
        promoted = self.version(name, version)
        now = in_use.read(self.root / name)
        if not now or now.version != version:
            (now.then(version) if now else InUse(version)).write(self.root / name)
        return promoted

    def rollback(self, name: str) -> Version:
        """Go back to the version that was in use before. Raises `Usage` if there is none."""
        now = self._in_use(name)
        before = self._before(name)
        if not before:
            raise Usage(
                Phrase("{name} has no earlier version than {version} to go back to.", name=name, version=now.version)
            )
        InUse(before[0], tuple(before[1:])).write(self.root / name)
        return self.current(name)

    def earlier(self, name: str) -> str:
        """The version that `rollback` would put in use. Empty if there is none."""
        return next(iter(self._before(name)), "")

    def _before(self, name: str) -> list[str]:
        """The versions that were in use before and are still there, the latest first."""
        now, versions = in_use.read(self.root / name), self.versions(name)
        return [version for version in now.before if version in versions] if now else []

    @contextmanager
    def staged(self, name: str) -> Iterator[Path]:
        """A folder to build a version in, for this process alone. It holds what an earlier run left there.

        Raises `Unavailable` while another process trains this name.
        """
        home = self._home(name)
        self.root.mkdir(parents=True, exist_ok=True)
        with locks.locked(self.root, name):
            self._finish_release(name)
            folder = home / STAGED
            folder.mkdir(parents=True, exist_ok=True)
            yield folder

    @contextmanager
    def training(self, name: str) -> Iterator[Path]:
        """The same for a process that `end_training` may end at any moment."""
        with self.staged(name) as folder, trainer.noted(self.root / name):
            yield folder

    def end_training(self, name: str) -> None:
        """End the training of `name` if another process is at it, and wait for its end. What it has staged stays."""
        trainer.end_other(self.root / name, lambda: self.is_free(name))

    def is_free(self, name: str) -> bool:
        """Returns True if no process trains or forgets `name` now."""
        return locks.is_free(self.root, name)

    def discard(self, name: str) -> None:
        """Delete what is staged of `name`, and the folder of the model if nothing else is in it.

        Call it only inside `staged`.
        """
        home = self._home(name)
        shutil.rmtree(home / STAGED, ignore_errors=True)
        if {path.name for path in home.iterdir()} <= {trainer.NOTE, trainer.WISH}:
            atomic.delete(home)

    def add(self, name: str, staged: Path, manifest: Manifest) -> Version:
        """Make a staged folder the next version: everything is synced, the manifest last, then one rename."""
        atomic.sync_tree(staged)
        version = self.upcoming(name)
        complete = manifest.model_copy(update={"name": name, "version": version})
        complete.write(staged)
        folder = self.root / name / version
        staged.rename(folder)
        atomic.sync_folder(folder.parent)
        return Version(VoiceName(name), version, folder, complete)

    def release(self, name: str, staged: Path, manifest: Manifest) -> Version:
        """`add` and `promote`. If the process is killed between the two, the next `staged` promotes."""
        intent = self.root / name / RELEASING
        atomic.write_json(intent, {"version": self.upcoming(name)})
        version = self.add(name, staged, manifest)
        self._finish_release(name)
        return version

    def _finish_release(self, name: str) -> None:
        intent = self.root / name / RELEASING
        if intent.exists():
            version = atomic.read_json(intent)["version"]
            if version in self.versions(name):
                self.promote(name, version)
            intent.unlink()

    def upcoming(self, name: str) -> str:
        """The number of the next version, such as v3."""
        return f"v{max(map(_number, self._numbered(name)), default=0) + 1}"

    def prune(self, name: str, keep: int) -> list[str]:
        """Delete old versions until `keep` are left. Returns the deleted ones.

        The version in use and the one to go back to are never deleted.
        Raises `Unavailable` while a process trains this name.
        """
        if not (self.root / name).exists():
            return []
        with locks.locked(self.root, name):
            now, versions = in_use.read(self.root / name), self.versions(name)
            earlier = [version for version in now.before if version in versions] if now else []
            needed = {now.version, *earlier[:1]} if now else set()
            pruned = [version for version in (versions[:-keep] if keep else versions) if version not in needed]
            for version in pruned:
                # A rename takes it out of sight first, so that no half of it is ever seen.
                out_of_sight = (self.root / name / version).rename(self.root / name / f".pruned-{version}")
                atomic.delete(out_of_sight)
        return pruned

    def forget(self, name: str) -> bool:
        """Delete all of `name`. Returns True if there was anything.

        It is taken out of use first, then out of sight, and then deleted. Models of this person and others stay here:
        `forgetting` deletes them before.
        Raises `Unavailable` while a process trains this name.
        """
        home, gone = self._home(name), self.root / f"{FORGOTTEN}{name}"
        was_interrupted = atomic.delete(gone)
        if not home.exists():
            return was_interrupted
        with locks.locked(self.root, name):
            if (home / CURRENT).is_file():
                (home / CURRENT).unlink()
            if home.exists():
                home.rename(gone)
                atomic.delete(gone)
        atomic.sync_folder(self.root)
        return True

    def sweep(self) -> None:
        """Finish the deletions that a kill interrupted."""
        for gone in [*self.root.glob(f"{FORGOTTEN}*"), *self.root.glob("*/.pruned-*")]:
            # Another process may be deleting the same folder.
            shutil.rmtree(gone, ignore_errors=True)

    def at_rest(self) -> AbstractContextManager[None]:
        """No voice is trained, pruned or forgotten while the context lasts. Raises `NotNow` if one is just now."""
        return locks.all_locked(self.root, [name for name in self.kept() if (self.root / name).exists()])

    def _home(self, name: str) -> Path:
        """The folder of `name`. Raises `Usage` if it holds a base model, which is no voice to change or delete."""
        home = self.root / name
        if _is_base(home):
            raise Usage(Phrase("{name} is a base model and no voice; choose another name.", name=name))
        return home

    def _numbered(self, name: str) -> list[str]:
        folders = (path.name for path in (self.root / name).glob("v*"))
        return [version for version in folders if version[1:].isdecimal()]


def _is_base(home: Path) -> bool:
    return (home / "config.json").exists()


def _number(version: str) -> int:
    return int(version[1:])

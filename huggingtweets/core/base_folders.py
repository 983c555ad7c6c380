"""Where a base model's folder is, by the name that the settings or a version give it.

Knows names and folders. Does not know the Hub, or what a model is made of.
"""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EMBEDDED = "models/base"
"""The base model that comes with this software."""


PREPARED = ".bases"  # the folder of named bases, in the folder of models
NAMED = ("smollm2",)


def located(base: str, models: Path) -> str:
    """Where `base` is loaded from: a named one has a folder below `models`; for every other it is `base` itself."""
    return str(models.absolute() / PREPARED / base) if base in NAMED else base


def named(base: str) -> str | None:
    """The name of the base that `located` gave this folder, or None for another base."""
    folder = Path(base)
    return folder.name if folder.name in NAMED and folder.parent.name == PREPARED else None


def find_folder(base: str) -> Path | None:
    """The folder that `base` names: an absolute one, one in the working directory, or one in this repository."""
    return next((folder for start in (Path.cwd(), REPOSITORY) if (folder := _folder_in(start, base))), None)


def resolve_base(base: str, start: Path) -> str:
    """`base` as an absolute path if it names a folder below `start`. Everything else is returned as it is.

    The embedded base keeps its name, so that the versions trained on it hold no path of this machine.
    """
    folder = _folder_in(start, base)
    if folder is None or Path(base).is_absolute():
        return base
    return EMBEDDED if folder == find_folder(EMBEDDED) else str(folder)


def _folder_in(start: Path, base: str) -> Path | None:
    folder = start / base
    return folder.resolve() if (folder / "config.json").exists() else None

"""Where a base model's folder is, by the name that the settings or a version give it.

Some bases are made ready once, in a folder below that of the models:

    models/.bases/<name>/             a base with a name
    models/.bases/files/<path>/       a GGUF file, by its absolute path

Knows names and folders. Does not know the Hub, or what a model is made of.
"""

from pathlib import Path

from huggingtweets.core.config.user_folders import shipped

EMBEDDED = "models/base"
"""The base model that comes with this software. A checkout has it in this folder, an installed package inside."""

DEFAULT = "smollm2"
"""The base of `[training]` unless it says another."""

PREPARED, FILES = ".bases", "files"
NAMED = ("smollm2",)


def is_gguf(base: str) -> bool:
    """Returns True if `base` is written like the path of a GGUF file."""
    return base.lower().endswith(".gguf") and not base.startswith("hub:")


def located(base: str, models: Path) -> str:
    """Where `base` is loaded from: a folder below `models` if it is made ready there, otherwise `base` itself."""
    prepared = models.absolute() / PREPARED
    if base in NAMED:
        return str(prepared / base)
    return str(prepared.joinpath(FILES, *Path(base).absolute().parts[1:])) if is_gguf(base) else base


def named(location: str) -> str | None:
    """The name of the base for which `located` gave this folder, or None for another base."""
    folder = Path(location)
    return folder.name if folder.name in NAMED and folder.parent.name == PREPARED else None


def gguf_of(location: str) -> Path | None:
    """The GGUF file for which `located` gave this folder, or None for another base."""
    models, mark, path = location.partition(f"/{PREPARED}/{FILES}/")
    return Path("/", path) if models and mark and is_gguf(path) else None


def written(location: str) -> str:
    """What people call the base in `location`: its name, the path of its file, or `location` itself."""
    file = gguf_of(location)
    return named(location) or (str(file) if file else location)


def embedded_folder() -> Path:
    """The folder of the embedded base."""
    return shipped("embedded_base", EMBEDDED)


def find_folder(base: str) -> Path | None:
    """The folder that `base` names: the embedded one, an absolute one, or one in the working directory."""
    return _folder_in(Path.cwd(), str(embedded_folder()) if base == EMBEDDED else base)


def resolve_base(base: str, start: Path) -> str:
    """`base` as an absolute path if it names a folder or a GGUF file below `start`. Else it is returned as it is.

    The embedded base keeps its name, so that the versions trained on it hold no path of this machine.
    """
    if Path(base).is_absolute():
        return base
    if folder := _folder_in(start, base):
        return EMBEDDED if folder == embedded_folder() else str(folder)
    file = start / base
    # The file's own name stays, because it may be a link to a file without the ending.
    return str(file.parent.resolve() / file.name) if is_gguf(base) and file.is_file() else base


def _folder_in(start: Path, base: str) -> Path | None:
    folder = start / base
    return folder.resolve() if (folder / "config.json").exists() else None

"""Which files and folders of the record belong to which model.

Knows how trackio and wandb name what they write. Does not know what is in it.
"""

from pathlib import Path


def kept_of(name: str, records: Path) -> list[Path]:
    """Every file and folder with a record of the model `name`. Those by which `recorded` finds the model come last."""
    if not records.exists():
        return []
    own = [*records.glob(f"{name}_*.parquet"), *sorted(records.glob(f"{name}.*"), key=_is_no_table)]
    return [folder for folder in records.glob(f"*/{name}") if folder.is_dir()] + own


def recorded(records: Path) -> set[str]:
    """The models of which anything is recorded."""
    files = (path for path in records.glob("*.*") if _is_no_table(path))
    return {path.name.partition(".")[0] for path in files} | {
        path.name for path in records.glob("*/*") if path.is_dir()
    }


def _is_no_table(path: Path) -> bool:
    """Tables that trackio exports are left out: `ann_system.parquet` does not show where the model's name ends."""
    return path.suffix != ".parquet"

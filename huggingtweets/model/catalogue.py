"""The base models that can be chosen, and what each costs.

Knows named and suggested bases, what is made ready here, and how much memory a model takes. Does not know how one is
loaded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huggingtweets.core import atomic
from huggingtweets.core.config.base_folders import EMBEDDED, FILES, PREPARED
from huggingtweets.model import prepared_bases
from huggingtweets.model.families import Unsupported, describe
from huggingtweets.model.named_bases import MIB, NAMED_BASES, NamedBase
from huggingtweets.model.suggested_bases import SUGGESTED_BASES, SuggestedBase

MB = 1_000_000
MANY = "mul"  # the code of ISO 639-2 for several languages: very many here
ON_HUB = "from the Hub on first use"
# Peak memory of a whole process (RSS): what torch and the rest take, and what each million parameters adds. Drawing is
# measured with the embedded base (398 MB) and with smollm2 (1,249 MB). The passes of a training on it take 1,344 to
# 1,646 MB, by the size of a step; what is measured after them takes up to 3,573 MB.
DRAWING_MB, DRAWING_MB_EACH = 337, 6.8
LEARNING_MB, LEARNING_MB_EACH = 500, 6.8


@dataclass(frozen=True, slots=True)
class Offer:
    """A base and what it costs. `name` is what stands in the settings. Sizes are megabytes.

    `license` and `languages` are empty if they are not known.
    """

    name: str
    parameters: int
    download_mb: int
    disk_mb: int
    license: str
    languages: tuple[str, ...]
    state: str

    @property
    def drawing_mb(self) -> int:
        """The memory of a process that draws with it, roughly."""
        return round(DRAWING_MB + DRAWING_MB_EACH * self.parameters / MB)

    @property
    def learning_mb(self) -> int:
        """The memory of a process that learns a voice on it, roughly."""
        return round(LEARNING_MB + LEARNING_MB_EACH * self.parameters / MB)

    def as_json(self) -> dict[str, Any]:
        """Its facts by name."""
        return asdict(self) | {"drawing_mb": self.drawing_mb, "learning_mb": self.learning_mb}


def catalogue(models: Path) -> list[Offer]:
    """The bases with a name, those for other languages, and the GGUF files that were made ready below `models`."""
    return [
        Offer(EMBEDDED, 9_064_448, 0, 19, "mit", ("en",), "comes with this software"),
        *(_named(name, base, models / PREPARED / name) for name, base in NAMED_BASES.items()),
        Offer("gpt2", 124_439_808, 548, 548, "mit", ("en",), ON_HUB),
        *map(_suggested, SUGGESTED_BASES),
        *_files(models / PREPARED / FILES),
    ]


def _named(name: str, base: NamedBase, folder: Path) -> Offer:
    download_mib, disk_mib = base.package_mib, base.folder_mib
    if prepared_bases.is_ready(folder):
        is_of_hub = prepared_bases.source(folder).get("from") == prepared_bases.HUB
        state = f"ready, from {'the Hub' if is_of_hub else 'its package'}"
        download_mib = base.hub_mib if is_of_hub else base.package_mib
    elif base.file():
        state = "made ready on first use"
    else:
        state = f"first: huggingtweets bases get {name}, or {base.command}"
    return Offer(
        name,
        base.parameters,
        round(download_mib * MIB / MB),
        round(disk_mib * MIB / MB),
        base.license,
        base.languages,
        state,
    )


def _suggested(base: SuggestedBase) -> Offer:
    languages = tuple(sorted(base.languages)) or (MANY,)
    return Offer(base.base, base.parameters, base.hub_mb, base.hub_mb, base.license, languages, ON_HUB)


def _files(folder: Path) -> Iterator[Offer]:
    for note in sorted(folder.rglob(prepared_bases.SOURCE)):
        facts = prepared_bases.source(note.parent)
        try:
            parameters = describe(atomic.read_json(note.with_name(prepared_bases.CONFIG))).parameters
        except (OSError, ValueError, AttributeError, Unsupported):
            continue  # somebody has changed the folder; it is made anew when it is needed
        size = sum(path.stat().st_size for path in note.parent.iterdir())
        license_name, languages = facts.get("license"), facts.get("languages")
        yield Offer(
            str(facts.get("of", note.parent)),
            parameters,
            0,
            round(size / MB),
            license_name if isinstance(license_name, str) else "",
            tuple(map(str, languages)) if isinstance(languages, Sequence) and not isinstance(languages, str) else (),
            "ready",
        )


def license_of(base: str, models: Path) -> str:
    """The licence of the base that the settings call `base`, by its short name on the Hub. Empty if not known."""
    return next((offer.license for offer in catalogue(models) if offer.name == base), "")

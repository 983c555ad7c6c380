"""What mkdocs calls while it builds the site: pages that are made then, and links that lead out of docs/.

The documents can be read in the repository and on the site. A link such as `../ARCHITECTURE.md` is right in the
repository. On the site that file is a page beside the others, so such links are changed.

Knows mkdocs' events. Does not know what the pages say.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# Files of the repository that are pages, too.
FROM_THE_ROOT = {
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "benchmarks/README.md": "benchmarks/measurements.md",
    "benchmarks/RESULTS.md": "benchmarks/RESULTS.md",
    "models/base/README.md": "models/base.md",
}
PICTURES = {"benchmarks/generation.png": "benchmarks/generation.png", "models/base/curve.png": "models/curve.png"}
# A link to any other file of the repository goes, and its words stay.
LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of reference, and those from the root of the repository."""
    sys.path.insert(0, str(ROOT))
    from docs.reference import PAGES

    makers: dict[str, Callable[[], str]] = dict(PAGES)
    for name, address in FROM_THE_ROOT.items():
        makers[address] = lambda name=name: (ROOT / name).read_text(encoding="utf-8")  # type: ignore[misc]
    for address, make in makers.items():
        files.append(File.generated(config, address, content=make()))
    for name, address in PICTURES.items():
        files.append(File.generated(config, address, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links out of docs/ to the pages here."""
    address = page.file.src_uri
    source = next((name for name, made in FROM_THE_ROOT.items() if made == address), f"docs/{address}")
    folder = (ROOT / source).parent

    def pointed(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        if ":" in target:
            return link.group()
        there = (folder / target).resolve()
        if not there.is_relative_to(ROOT) or not there.exists():
            return link.group()  # mkdocs says that it leads nowhere
        name = there.relative_to(ROOT).as_posix()
        if name == "config.toml":
            return f"[{words}]({_to('reference/settings.md', address)}{anchor})"
        if name in FROM_THE_ROOT:
            return f"[{words}]({_to(FROM_THE_ROOT[name], address)}{anchor})"
        if name.startswith("docs/"):
            return f"[{words}]({_to(name.removeprefix('docs/'), address)}{anchor})"
        return f"`{name}`" if words.strip("`") in name else f"{words} (`{name}`)"

    return LINK.sub(pointed, markdown)


def _to(target: str, address: str) -> str:
    """The way from one page to another."""
    return "../" * address.count("/") + target


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    print(f"The site is in {config['site_dir']}.")  # noqa: T201  the result of the command

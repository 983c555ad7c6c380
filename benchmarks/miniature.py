"""`python -m benchmarks.all --quick`: every step in miniature, so that no script of `make bench` is broken unseen.

The steps run in a copy of this folder elsewhere, so no figure that is kept here is touched. The accounts are
parts of the sample account. The figures mean nothing.

Knows what a step needs to run. Does not know the steps.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingtweets.workflow.sample_voice import FOLDER

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("benchmarks", "docs")  # what steps write into
LINKED = ("models", "huggingtweets", "bot", "config.toml")


@contextmanager
def place(accounts: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    """A folder that looks like this checkout, without any result, and one with a file of tweets an account."""
    with TemporaryDirectory(prefix="bench-") as name:
        root = Path(name) / "checkout"
        for folder in COPIED:
            without_results = shutil.ignore_patterns("*.json", "*.jsonl", "__pycache__")
            shutil.copytree(ROOT / folder, root / folder, ignore=without_results)
        for path in LINKED:
            (root / path).symlink_to(ROOT / path)
        tweets = Path(name) / "tweets"
        tweets.mkdir()
        lines = (FOLDER.parent / "tweets.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        for number, account in enumerate(accounts):
            # Two of three tweets each, and another third is missing each time: no two accounts are the same.
            part = (line for place, line in enumerate(lines) if place % len(accounts) != number)
            (tweets / f"{account}.jsonl").write_text("".join(part), encoding="utf-8")
        yield root, tweets

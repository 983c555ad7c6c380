"""What somebody typed stands in messages as they typed it, and no message shows a value as Python writes it."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from huggingtweets.core.text.quoted import quoted, shown_path
from tests.parsed import parsed_modules

FOR_PROGRAMMERS = {  # what these say is read beside the code
    "huggingtweets/__init__.py",  # an unknown attribute
    "huggingtweets/api/voice.py",  # a voice in a notebook
    "bot/cluster/fleet.py",  # keys of hashes, which nobody reads
    "bot/migrations/env.py",  # the source text of a migration
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("don't", '"don\'t"'),
        ("naïve \\ 🚀", '"naïve \\ 🚀"'),
        ("two\nlines\x1b[31m", '"two lines [31m"'),
        ("a\u202eb\udc80", '"ab"'),
        ("x" * 100, f'"{"x" * 60}…"'),
        ("", '""'),
    ],
)
def test_a_text_is_shown_as_it_was_typed_on_one_line(text: str, shown: str) -> None:
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"/home/ann/my tweets.csv", "/home/ann/my tweets.csv"),
        ("/home/ann/café 🚀 霧.txt".encode(), "/home/ann/café 🚀 霧.txt"),
        (b"caf\xe9.txt", "caf\\xe9.txt"),
        (b"two\nlines\x1b[31m", "two\\nlines\\x1b[31m"),
        ("tweets\u202ecsv.exe".encode(), "tweets\\u202ecsv.exe"),
    ],
)
def test_a_path_is_shown_on_one_line_and_a_byte_that_is_no_text_as_its_number(name: bytes, shown: str) -> None:
    assert shown_path(os.fsdecode(name)) == shown
    assert shown_path(Path(os.fsdecode(name))) == shown
    shown.encode("utf-8")


def reprs(tree: ast.Module) -> Iterator[int]:
    """The lines on which a value becomes text as Python writes it."""
    for node in ast.walk(tree):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("repr", "ascii")
        converted = isinstance(node, ast.FormattedValue) and node.conversion in (ord("r"), ord("a"))
        logged = isinstance(node, ast.Constant) and isinstance(node.value, str) and "%r" in node.value
        if called or converted or logged:
            yield node.lineno  # type: ignore[attr-defined]


def test_no_message_shows_a_value_as_python_writes_it() -> None:
    assert {name for name, tree in parsed_modules().items() if any(reprs(tree))} == FOR_PROGRAMMERS

"""A pre-training corpus: files of documents, split into documents to learn and held-out documents.

Knows JSON lines (`{"text": ...}`, plain or zstd-compressed) and plain text (one document a line). Does not know
tokens or models.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import zstandard

from huggingtweets.core.errors import BadFile

HELD_OUT_ONE_IN = 200  # 0.5 % of the documents


def documents(path: Path) -> Iterator[str]:
    """The documents of one file, in its order. Empty documents are left out."""
    is_json = ".jsonl" in path.suffixes
    try:
        with _open_text(path) as lines:
            for number, line in enumerate(lines, start=1):
                text = _json_text(path, number, line) if is_json else line.strip()
                if text:
                    yield text
    except (OSError, zstandard.ZstdError) as error:
        raise BadFile(path, f"the corpus cannot be read ({error})", "check the path and the file") from error
    except UnicodeDecodeError as error:
        raise BadFile(path, "the corpus is not UTF-8", "convert it to UTF-8") from error


def is_held_out(text: str) -> bool:
    """Returns True if this document is never trained on. Only its own hash decides, not the order, seed or files."""
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % HELD_OUT_ONE_IN == 0


def split(paths: Iterable[Path]) -> tuple[list[str], list[str]]:
    """(documents to train on, documents held out)."""
    learned: list[str] = []
    held_out: list[str] = []
    for path in paths:
        for text in documents(path):
            (held_out if is_held_out(text) else learned).append(text)
    return learned, held_out


def sha256(path: Path) -> str:
    """The hex digest of a file. The record of a model's training holds it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_text(path: Path) -> TextIO:
    if path.suffix == ".zst":
        return io.TextIOWrapper(zstandard.open(path, "rb"), encoding="utf-8")
    return path.open(encoding="utf-8")


def _json_text(path: Path, number: int, line: str) -> str:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadFile(path, f"line {number} is not JSON", "write one object a line") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadFile(path, f'line {number} has no "text"', 'write {"text": "..."} on every line')
    return str(row["text"]).strip()

"""A corpus as tokens on disk. It is made once, and every later run on the same files uses it again.

    work/tokenizer.json   the tokenizer
    work/tokens.npz       the packed rows, and the held-out documents
    work/prepared.json    what they were made from; written last

Knows documents, the tokenizer and rows. Does not know the model.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from huggingtweets.core import atomic
from huggingtweets.core.errors import BadData, Misconfigured
from huggingtweets.model.packing import Rows, Tokens, pack_by_length, spans
from huggingtweets.model.tokenizer import encode_all, end_of_text_id, train_tokenizer
from huggingtweets.training import corpus
from huggingtweets.training.pretraining_plan import Plan

TOKENIZER_DOCUMENTS = 200_000  # enough for stable merges; 100,000 give the same bytes a token to three digits
MIN_DOCUMENTS = 100
STATES = ("latest.pt", "stable.pt")  # of a training on these tokens, in the same folder

TOKENIZER, TOKENS, PREPARED = "tokenizer.json", "tokens.npz", "prepared.json"


@dataclass(frozen=True, slots=True)
class PreparedCorpus:
    """The tokens to learn, the documents held out, and the SHA-256 of each file by its name."""

    tokenizer: Tokenizer
    learned: tuple[Rows, ...]
    held_out: list[Tokens]
    hashes: dict[str, str]


def prepare(corpora: Sequence[Path], work: Path, plan: Plan, tokenizer_file: Path | None) -> PreparedCorpus:
    """The corpus as tokens. They are made anew unless `work` holds those of the same files, vocabulary and rows.

    Raises `BadData` if the corpus is too small, and `Misconfigured` if `work` holds another training.
    """
    hashes = {path.name: corpus.sha256(path) for path in corpora}
    made_from = {
        "corpora": hashes,
        "vocabulary": plan.vocabulary,
        "row_lengths": list(plan.row_lengths),
        "tokenizer": corpus.sha256(tokenizer_file) if tokenizer_file else "",
    }
    if not _is_prepared(work, made_from):
        _make(corpora, work, plan, tokenizer_file)
        atomic.write_json(work / PREPARED, made_from)
    return _load(work, plan, hashes)


def other_training(work: Path) -> Misconfigured:
    """The error for a folder with the state of a training by another plan or on another corpus."""
    return Misconfigured(f"{work} holds the state of another training; give another --out, or remove that folder.")


def _is_prepared(work: Path, made_from: dict[str, Any]) -> bool:
    path = work / PREPARED
    return path.exists() and json.loads(path.read_text()) == made_from


def _make(corpora: Sequence[Path], work: Path, plan: Plan, tokenizer_file: Path | None) -> None:
    if any((work / name).exists() for name in STATES):
        raise other_training(work)
    (work / PREPARED).unlink(missing_ok=True)
    learned, held_out = _documents(corpora)
    tokenizer = _make_tokenizer(learned, plan.vocabulary, tokenizer_file)
    tokenizer.save(str(work / TOKENIZER))
    arrays = _held_out_arrays(tokenizer, held_out) | _learned_arrays(tokenizer, learned, plan.row_lengths)
    np.savez(work / TOKENS, **arrays)  # type: ignore[arg-type]  # numpy's own keyword is typed before ours


def _documents(corpora: Sequence[Path]) -> tuple[list[str], list[str]]:
    learned, held_out = corpus.split(corpora)
    if len(learned) < MIN_DOCUMENTS or not held_out:
        raise BadData(
            f"The corpus has {len(learned)} documents to learn and {len(held_out)} held out; "
            f"give at least {corpus.HELD_OUT_ONE_IN * 5} documents."
        )
    return learned, held_out


def _make_tokenizer(documents: Sequence[str], vocabulary: int, file: Path | None) -> Tokenizer:
    """The tokenizer in `file`, or one that is trained on the documents."""
    return Tokenizer.from_file(str(file)) if file else train_tokenizer(documents[:TOKENIZER_DOCUMENTS], vocabulary)


def _held_out_arrays(tokenizer: Tokenizer, documents: Sequence[str]) -> dict[str, NDArray[Any]]:
    tokens = encode_all(tokenizer, documents)
    return {"held_out": np.concatenate(tokens), "held_out_offsets": np.cumsum([0, *map(len, tokens)])}


def _learned_arrays(tokenizer: Tokenizer, documents: Sequence[str], lengths: Sequence[int]) -> dict[str, NDArray[Any]]:
    """The documents in rows, three arrays for each length of a row."""
    tokens = [ids.astype(np.uint16) for ids in encode_all(tokenizer, documents)]
    arrays: dict[str, NDArray[Any]] = {}
    for rows in pack_by_length(tokens, lengths, end_of_text_id(tokenizer)):
        arrays[f"inputs_{rows.length}"] = rows.inputs
        arrays[f"used_{rows.length}"] = rows.used
        arrays[f"closing_{rows.length}"] = rows.closing
    return arrays


def _load(work: Path, plan: Plan, hashes: dict[str, str]) -> PreparedCorpus:
    arrays = np.load(work / TOKENS)
    tokenizer = Tokenizer.from_file(str(work / TOKENIZER))
    end_of_text = end_of_text_id(tokenizer)
    learned = tuple(
        Rows(arrays[f"inputs_{length}"], arrays[f"used_{length}"], arrays[f"closing_{length}"], end_of_text)
        for length in plan.row_lengths
    )
    return PreparedCorpus(tokenizer, learned, spans(arrays["held_out_offsets"], arrays["held_out"]), hashes)

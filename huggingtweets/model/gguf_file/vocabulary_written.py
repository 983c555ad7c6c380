"""Writes a tokenizer into a GGUF file, under llama.cpp's names.

Knows the `gguf` and `tokenizers` libraries. Does not know weights.
"""

import json
import re
from typing import Any

from gguf import GGUFWriter, TokenType
from tokenizers import Tokenizer

from huggingtweets.model.gguf_file.vocabulary import SPLITTINGS
from huggingtweets.model.tokenizer import is_byte_level

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class Unwritable(Exception):
    """llama.cpp cannot compute the model, or cannot read its tokenizer. The message is the end of a sentence."""


def write_vocabulary(writer: GGUFWriter, tokenizer: Tokenizer, end_of_text: int, size: int) -> None:
    """Write the tokenizer of a model whose table has `size` rows. Texts begin and end with `end_of_text`.

    Raises `Unwritable`.
    """
    written = json.loads(tokenizer.to_str())
    merges = [pair if isinstance(pair, list) else pair.split(" ", 1) for pair in written["model"]["merges"]]
    tokens, types = _tokens(tokenizer, size)
    if is_byte_level(tokenizer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(splitting_of(written))
        writer.add_token_list(tokens)
        writer.add_token_merges([" ".join(pair) for pair in merges])
    else:
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_scores(_scores(tokens, merges))
        writer.add_add_space_prefix("Prepend" in json.dumps(written["normalizer"]))
    writer.add_token_types(types)
    writer.add_bos_token_id(end_of_text)
    writer.add_eos_token_id(end_of_text)
    writer.add_pad_token_id(end_of_text)
    writer.add_add_bos_token(True)


def splitting_of(written: dict[str, Any]) -> str:
    """llama.cpp's name for how a tokenizer parts a text before pairs are merged. Raises `Unwritable`."""
    parts = _parts(written["pre_tokenizer"])
    for name, splitting in SPLITTINGS.items():
        if parts == [part for one in splitting for part in _parts(json.loads(one.__getstate__()))]:
            return name
    raise Unwritable("llama.cpp does not know how its tokenizer parts a text")


def _parts(written: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What a pre-tokenizer does, one step after the other, without what only concerns places in a text."""
    if written is None:
        return []
    if written["type"] == "Sequence":
        return [part for one in written["pretokenizers"] for part in _parts(one)]
    return [{key: value for key, value in written.items() if key != "trim_offsets"}]


def _tokens(tokenizer: Tokenizer, size: int) -> tuple[list[str], list[TokenType]]:
    """Each token with its type, in the order of their numbers. What the table has beyond them is padding."""
    added = tokenizer.get_added_tokens_decoder()
    by_number = {number: token for token, number in tokenizer.get_vocab().items()}
    tokens, types = [], []
    for number in range(size):
        token = by_number.get(number)
        tokens.append(f"[PAD{number}]" if token is None else token)
        if token is None:
            types.append(TokenType.UNUSED)
        elif number in added:
            types.append(TokenType.CONTROL if added[number].special else TokenType.USER_DEFINED)
        elif not is_byte_level(tokenizer) and _BYTE.fullmatch(token):
            types.append(TokenType.BYTE)
        else:
            types.append(TokenType.NORMAL)
    return tokens, types


def _scores(tokens: list[str], merges: list[list[str]]) -> list[float]:
    """A score for each token. llama.cpp merges the pair whose token has the highest one, so early merges have more."""
    ranks: dict[str, int] = {}
    for rank, pair in enumerate(merges):
        ranks.setdefault("".join(pair), rank)
    return [float(-ranks[token] - 1) if token in ranks else 0.0 for token in tokens]

"""Reads, trains and saves tokenizers. transformers can load what is saved, but is not needed here.

A tokenizer must be able to write every text. Two kinds can: a BPE over bytes (GPT-2, Llama 3, Qwen, SmolLM), and a
BPE over characters that has a token for each byte as well (Llama 2, TinyLlama).

Knows the `tokenizers` library. Does not know models.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from huggingtweets.core.errors import BadData
from huggingtweets.core.text.characters import END_OF_TEXT
from huggingtweets.model.packing import IGNORED, Rows, Tokens

BLANK = "▁"  # how a BPE over characters spells a blank
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class UnsupportedTokenizer(Exception):
    """The tokenizer cannot write every text. The message is the end of a sentence."""


def read_tokenizer(file: Path) -> Tokenizer:
    """The tokenizer in a tokenizer.json, so that a token is read the same wherever it stands in a text.

    Raises `UnsupportedTokenizer`. Errors of the library are passed on.
    """
    tokenizer = Tokenizer.from_file(str(file))
    if is_byte_level(tokenizer):
        return tokenizer
    if not isinstance(tokenizer.model, models.BPE) or not tokenizer.model.byte_fallback:
        kind = type(tokenizer.model).__name__
        raise UnsupportedTokenizer(f"its tokenizer ({kind}) cannot write every text; a BPE that knows every byte can")
    # The decoder of such a file removes the first blank of what it reads. Here a text is also read in pieces.
    tokenizer.decoder = decoders.Sequence(_in_pieces())
    return tokenizer


def _in_pieces() -> list[Any]:
    return [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse()]


def is_byte_level(tokenizer: Tokenizer) -> bool:
    """Returns True if each character of a token's name is one byte of text."""
    decoder = json.loads(tokenizer.decoder.__getstate__()) if tokenizer.decoder else {}
    return isinstance(tokenizer.model, models.BPE) and "ByteLevel" in _kinds(decoder)


def _kinds(part: Any) -> Iterator[str]:
    yield part.get("type", "")
    for inner in part.get("decoders", ()):
        yield from _kinds(inner)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """GPT-2's scheme (Radford et al. 2019: BPE over bytes, so no text is unknown) with `vocabulary` entries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[AddedToken(END_OF_TEXT, normalized=False, special=True)],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def end_of_text_id(tokenizer: Tokenizer) -> int:
    """The id of the only special token. Raises `BadData` if the tokenizer has none."""
    token = tokenizer.token_to_id(END_OF_TEXT)
    if token is None:
        raise BadData(f"The tokenizer has no {END_OF_TEXT}; use one of GPT-2's kind, or let one be trained.")
    return token


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context: int, end: str = END_OF_TEXT) -> None:
    """Write the files that transformers needs. Texts begin and end with the token `end`."""
    copied = Tokenizer.from_str(tokenizer.to_str())
    if not is_byte_level(copied):
        copied.decoder = decoders.Sequence([*_in_pieces(), decoders.Strip(content=" ", left=1, right=0)])
    copied.save(str(folder / "tokenizer.json"))
    settings = {
        # Versions 4 and 5 of transformers both know it. It reads tokenizer.json as it is; a family's own class of
        # version 5 would part words and numbers in its own way.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
        **dict.fromkeys(("bos_token", "eos_token", "unk_token", "pad_token"), end),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def byte_count(tokenizer: Tokenizer, rows: Rows) -> int:
    """The number of UTF-8 bytes in the text of the targets of `rows`. End-of-text has no bytes.

    The bytes are counted by token and not by text, because a text may have been cut.
    """
    targets = rows.targets
    return int(byte_sizes(tokenizer)[targets[targets != IGNORED]].sum())


def vocabulary_size(tokenizer: Tokenizer) -> int:
    """One more than the highest id of a token. Some tokenizers leave ids out."""
    return max(tokenizer.get_vocab().values(), default=-1) + 1


def byte_sizes(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """The number of UTF-8 bytes of each token, [vocabulary]. Special tokens have none.

    A BPE over characters begins every text with a blank, and that blank is counted.
    """
    sizes = np.zeros(vocabulary_size(tokenizer), np.int64)
    is_byte_level_bpe = is_byte_level(tokenizer)
    for token, number in tokenizer.get_vocab().items():
        # In a byte-level vocabulary each character of a token's name is one byte.
        sizes[number] = len(token) if is_byte_level_bpe else _bytes_of(token)
    for number, added in tokenizer.get_added_tokens_decoder().items():
        sizes[number] = 0 if added.special else len(added.content.encode())
    return sizes


def _bytes_of(token: str) -> int:
    return 1 if _BYTE.fullmatch(token) else len(token.replace(BLANK, " ").encode())


def encode_all(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """The token ids of each text, without end-of-text. The end-of-text marker is not special inside a text."""
    if not tokenizer.encode_special_tokens:
        # Setting it while another thread uses the tokenizer is an error.
        tokenizer.encode_special_tokens = True
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.asarray(encoding.ids, np.int32) for encoding in encodings]

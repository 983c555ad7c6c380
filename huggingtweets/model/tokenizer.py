"""Trains, saves and loads a byte-level BPE tokenizer. transformers can load it, but is not needed here.

Knows the `tokenizers` library. Does not know models.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from huggingtweets.core.errors import BadData
from huggingtweets.core.text import END_OF_TEXT
from huggingtweets.model.packing import IGNORED, Rows, Tokens


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


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """Write the files that transformers needs, with a class name that its versions 4 and 5 both know."""
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "GPT2TokenizerFast",
        "model_max_length": context,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        **dict.fromkeys(("bos_token", "eos_token", "unk_token", "pad_token"), END_OF_TEXT),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def byte_count(tokenizer: Tokenizer, rows: Rows) -> int:
    """The number of UTF-8 bytes in the text of the targets of `rows`. End-of-text has no bytes.

    The bytes are counted by token and not by text, because a text may have been cut.
    """
    targets = rows.targets
    return int(byte_sizes(tokenizer)[targets[targets != IGNORED]].sum())


def byte_sizes(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """The number of UTF-8 bytes of each token, [vocabulary].

    In a byte-level vocabulary each character of a token's name is one byte.
    """
    sizes = np.zeros(tokenizer.get_vocab_size(), np.int64)
    for token, number in tokenizer.get_vocab().items():
        sizes[number] = len(token)
    for number in tokenizer.get_added_tokens_decoder():
        sizes[number] = 0
    return sizes


def encode_all(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """The token ids of each text, without end-of-text. The end-of-text marker is not special inside a text."""
    if not tokenizer.encode_special_tokens:
        # Setting it while another thread uses the tokenizer is an error.
        tokenizer.encode_special_tokens = True
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.asarray(encoding.ids, np.int32) for encoding in encodings]

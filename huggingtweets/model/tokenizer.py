"""A byte-level BPE tokenizer: trained here, saved so that plain transformers loads it, loaded without transformers.

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
    """The id of the only special token; raises `BadData` for a tokenizer that has none."""
    token = tokenizer.token_to_id(END_OF_TEXT)
    if token is None:
        raise BadData(f"The tokenizer has no {END_OF_TEXT}; use one of GPT-2's kind, or let one be trained.")
    return token


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """Write what transformers needs to find it, under a class name that its versions 4 and 5 both know."""
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
    """UTF-8 bytes of the text that the targets of `rows` stand for; end-of-text has none.

    Counted by token and not by text, because a text may have been cut.
    """
    targets = rows.targets
    return int(byte_sizes(tokenizer)[targets[targets != IGNORED]].sum())


def byte_sizes(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """UTF-8 bytes that each token stands for, [vocabulary].

    In a byte-level vocabulary each character of a token's name is one byte.
    """
    sizes = np.zeros(tokenizer.get_vocab_size(), np.int64)
    for token, number in tokenizer.get_vocab().items():
        sizes[number] = len(token)
    for number in tokenizer.get_added_tokens_decoder():
        sizes[number] = 0
    return sizes


def encode_all(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Token ids of each text, without end-of-text; the marker is not special inside a text."""
    if not tokenizer.encode_special_tokens:
        # To set it while another thread reads with the tokenizer is an error.
        tokenizer.encode_special_tokens = True
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.asarray(encoding.ids, np.int32) for encoding in encodings]

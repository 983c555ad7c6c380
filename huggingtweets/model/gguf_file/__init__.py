"""Converts a GGUF file, llama.cpp's format, into a folder with weights, config.json and tokenizer.json, and writes one.

Knows the order of the steps. Does not know where files come from.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader
from safetensors.torch import save_file

from huggingtweets.core.errors import first_line
from huggingtweets.model.families import Unsupported, describe
from huggingtweets.model.gguf_file.architecture import config_of
from huggingtweets.model.gguf_file.fields import Fields, Unreadable
from huggingtweets.model.gguf_file.tensors import checkpoint_tensors
from huggingtweets.model.gguf_file.vocabulary import end_of_text, tokenizer_of
from huggingtweets.model.gguf_file.vocabulary_written import Unwritable
from huggingtweets.model.gguf_file.written import write
from huggingtweets.model.tokenizer import save_tokenizer

__all__ = ["Unreadable", "Unwritable", "convert", "write"]

HALF_BYTES = 2  # of a number in half precision
# The library raises these for files that are truncated or damaged.
BROKEN = (ValueError, LookupError, ArithmeticError, AttributeError, TypeError, MemoryError)


def convert(
    file: Path,
    folder: Path,
    need_room: Callable[[int], None] = lambda size: None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Write the model and the tokenizer in `file` into `folder`. Returns its licence and languages, if it names them.

    `need_room` is called with the bytes of the weights, `told` with the number of tensors that were read, and of all.
    Raises `Unreadable`, `OSError`, `SafetensorError`, and what `need_room` raises.
    """
    try:
        reader = GGUFReader(file)
        fields = Fields(reader)
        tokenizer, end = tokenizer_of(fields), end_of_text(fields)
        config = config_of(fields, reader.tensors, end)
        description = describe(config)
        need_room(sum(int(tensor.n_elements) for tensor in reader.tensors) * HALF_BYTES)
        state: dict[str, torch.Tensor] = {}
        for name, tensor in checkpoint_tensors(reader.tensors, description):
            state[name] = tensor
            told(len(state), len(reader.tensors))
    except Unsupported as error:
        raise Unreadable(str(error)) from error
    except BROKEN as error:
        raise Unreadable(f"{file.name} is damaged or not a GGUF file ({first_line(error)})") from error
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_tokenizer(tokenizer, folder, description.context, tokenizer.id_to_token(end) or "")
    facts = {"license": fields.get("general.license"), "languages": fields.get("general.languages")}
    return {key: value for key, value in facts.items() if value}

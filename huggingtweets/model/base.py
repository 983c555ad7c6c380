"""Base models: where one is found, and its weights and tokenizer ready for use.

A base is a folder (the embedded `models/base`, or any saved model of a family that works here), one with a name of its
own, which becomes a folder when it is first needed, or one on the Hub: `gpt2`, or `hub:owner/name`. The mark is needed
because a path may look like owner/name, and on the Hub anybody can take a name that was meant as a path.

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
MOST_WEIGHTS = 10_000_000_000  # of one on the Hub
_HUB_ID = re.compile(r"\w[\w.-]*|hub:\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
_NO_FOLDER = "there is no such folder, and one on the Hub is written as hub:owner/name"


@dataclass(frozen=True, slots=True)
class Base:
    """A model in fp32 and its tokenizer. `end_of_text` starts every prompt and ends every tweet.

    `banned` are never drawn: other special tokens, and numbers for which the tokenizer has no token.
    """

    id: str
    model: "CausalLM"
    tokenizer: "Tokenizer"
    end_of_text: int
    banned: tuple[int, ...] = ()

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""
        return self.model.description.context


def find(base: str) -> str:
    """Where `base` is: the path of a folder, or a Hub id. Raises `BadBase` when it is neither.

    The folder of a named base may not be there yet, but what it is made from is.
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
    """The Hub's name for `base`, where it is written as one; only the Hub itself gives names without an owner."""
    return base.removeprefix(HUB) if _HUB_ID.fullmatch(base) and base not in NAMED else None


def base_name(base: str) -> str:
    """What a base is called towards others: a path of this machine is nobody's business."""
    return Path(base).name if Path(base).is_absolute() else base.removeprefix(HUB)


def load(base: str) -> Base:
    """The base model ready for use on the CPU; raises `BadBase`."""
    from tokenizers import Tokenizer

    from huggingtweets.model import checkpoint

    found = _ready(base)
    base = named(base) or base
    try:
        description = describe(_config(base, _file(found, CONFIG)))
        _refuse_empty_promises(base, description, Path(found))
        tokenizer = Tokenizer.from_file(str(_file(found, TOKENIZER)))
        end_of_text = _end_of_text(base, description, tokenizer)
        model = checkpoint.read(description, _weights(found))
    except BadBase:
        raise
    except Exception as error:
        # Libraries read somebody's files here; tokenizers, safetensors and the Hub raise kinds of their own.
        raise BadBase(base, first_line(error)) from error
    return Base(base, model, tokenizer, end_of_text, _banned(description, tokenizer, end_of_text))


def fingerprint(base: str) -> str:
    """What tells two bases apart although they have one name: a hash of the weights' size, first and last MiB.

    An adapter is only good on the weights it was trained on. Raises `BadBase` when there are none.
    """
    found = _ready(base)
    digest = hashlib.blake2b(digest_size=8)
    try:
        for path in _weights(found):
            with atomic.require_file(path).open("rb") as file:
                digest.update(path.stat().st_size.to_bytes(8) + file.read(MIB))
                file.seek(max(0, path.stat().st_size - MIB))
                digest.update(file.read())
    except Exception as error:
        # The Hub raises kinds of its own.
        raise BadBase(base, first_line(error)) from error
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Offer:
    """A base that people can choose by its name, and what it costs them."""

    name: str
    parameters: int
    download: str
    disk: str
    state: str

    def as_json(self) -> dict[str, object]:
        """Its facts by name."""
        return {field: getattr(self, field) for field in self.__slots__}


def catalogue(models: Path) -> list[Offer]:
    """The bases that need no address. The disk space is that of the folder."""
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
    """Where `base` is, which is there now."""
    found = find(base)
    if (name := named(found)) and not Path(found).is_dir():
        named_bases.make_ready(name, Path(found))
    return found


def _file(found: str, name: str) -> Path:
    """One of a base's files: in its folder, or brought from the Hub. Raises `OSError`, and what the Hub raises."""
    if Path(found).is_dir():
        return atomic.require_file(Path(found, name))
    from huggingface_hub import hf_hub_download

    return atomic.require_file(Path(hf_hub_download(found, name)))


def _weights(found: str) -> list[Path]:
    """The files that hold a base's weights."""
    if files := sorted(Path(found).glob("*.safetensors")):
        return files
    if Path(found).is_dir():
        raise FileNotFoundError(f"there is no {WEIGHTS}")
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return [_file(found, WEIGHTS)]
    except EntryNotFoundError:
        index = atomic.read_json(_file(found, INDEX))
        return [_file(found, name) for name in sorted(set(index["weight_map"].values()))]


def _config(base: str, config_file: Path) -> Mapping[str, Any]:
    try:
        config = atomic.read_json(config_file)
    except (OSError, ValueError) as error:
        raise BadBase(base, f"its config.json cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise BadBase(base, "its config.json cannot be read (it is no table)")
    return config


def _refuse_empty_promises(base: str, description: Description, folder: Path) -> None:
    """The layers are made before the weights are read, so a config.json of a million layers would take for ever."""
    promised = description.parameters
    held = sum(atomic.require_file(path).stat().st_size for path in folder.glob("*.safetensors"))
    if promised > (held or MOST_WEIGHTS):
        there = f"and its files hold {held:,} bytes" if held else f"more than the {MOST_WEIGHTS:,} that are loaded"
        raise BadBase(base, f"its config.json speaks of {promised:,} weights, {there}")


def _end_of_text(base: str, description: Description, tokenizer: "Tokenizer") -> int:
    if tokenizer.get_vocab_size() > description.vocabulary:
        raise BadBase(base, "its tokenizer has more tokens than its model")
    end_of_text = description.end_of_text
    if end_of_text is None:
        raise BadBase(base, "its config.json names no eos_token_id")
    if tokenizer.id_to_token(end_of_text) is None:
        raise BadBase(base, f"its config.json names {end_of_text} as eos_token_id, which is no token")
    return end_of_text


def _banned(description: Description, tokenizer: "Tokenizer", end_of_text: int) -> tuple[int, ...]:
    added = tokenizer.get_added_tokens_decoder()
    special = {number for number, token in added.items() if token.special}
    no_token = set(range(description.vocabulary)) - set(tokenizer.get_vocab().values())
    return tuple(sorted((special | no_token) - {end_of_text}))

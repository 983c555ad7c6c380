"""A voice as one ordinary model: its base with the person's adapter added into the weights.

Knows bases, adapters and versions. Does not know what the model is wanted for.
"""

from pathlib import Path

from huggingtweets.core.base_folders import NAMED, located, resolve_base
from huggingtweets.core.errors import BadBase
from huggingtweets.model import base, lora
from huggingtweets.model.base import Base
from huggingtweets.registry.manifest import ADAPTER, MODEL
from huggingtweets.registry.versions import Version


def load_version(version: Version) -> Base:
    """The model of `version` for inference; raises `BadBase` when it was trained on another base than there is now."""
    if not version.model.exists():
        checked_fingerprint(version)
    return load_weights(version.folder, base_of(version))


def base_of(version: Version) -> str:
    """The name of the base of `version`, for `base.load`.

    Older versions name a folder relative to the settings file, which by default lies where the folder of models lies.
    """
    folder = version.folder.absolute()
    if version.base in NAMED:
        return located(version.base, folder.parents[1])
    return resolve_base(version.base, folder.parents[2])


def checked_fingerprint(version: Version) -> str:
    """The fingerprint of the base of `version`; raises `BadBase` if it is another base than at its training."""
    found = base.fingerprint(base_of(version))
    if found != version.manifest.base_fingerprint:
        raise BadBase(version.base, f"it is not the one that {version.name} was trained on any more; train it again")
    return found


def load_weights(folder: Path, base_id: str) -> Base:
    """The model that `folder` holds whole (`model`) or as an adapter on `base_id` (`adapter`)."""
    if (folder / MODEL).exists():
        voice = base.load(str(folder / MODEL))
    else:
        voice = base.load(base_id)
        lora.apply(voice.model, folder / ADAPTER)
    voice.model.train(False).requires_grad_(False)
    return voice

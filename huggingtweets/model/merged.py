"""A voice as one ordinary model: its base with the person's adapter added into the weights.

Knows bases, adapters and versions. Does not know what the model is used for.
"""

from pathlib import Path

from huggingtweets.core.config.base_folders import located, resolve_base
from huggingtweets.core.errors import BadBase
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.model import base, lora
from huggingtweets.model.base import Base
from huggingtweets.registry.manifest import ADAPTER, MODEL
from huggingtweets.registry.version import Version


def load_version(version: Version) -> Base:
    """The model of `version` for inference. Raises `BadBase` if its base has changed since its training."""
    if not version.model.exists():
        checked_fingerprint(version)
    return load_weights(version.folder, base_of(version))


def base_of(version: Version) -> str:
    """The name of the base of `version`, for `base.load`.

    Older versions name a folder relative to the settings file, which by default lies beside the folder of models.
    """
    folder = version.folder.absolute()
    return located(resolve_base(version.base, folder.parents[2]), folder.parents[1])


def checked_fingerprint(version: Version) -> str:
    """The fingerprint of the base of `version`. Raises `BadBase` if the base has changed since the training."""
    fingerprint = base.fingerprint(base_of(version))
    if fingerprint != version.manifest.base_fingerprint:
        raise BadBase(
            version.base,
            f"it is not the one that {version.name} was trained on any more; train it again",
            for_people=Phrase(
                "{name} was learned on another language model than the one that I have now, and has to be "
                "learned again.",
                name=version.name,
            ),
        )
    return fingerprint


def load_weights(folder: Path, base_id: str) -> Base:
    """The model in `folder`: a whole model (`model`), or an adapter on `base_id` (`adapter`)."""
    if (folder / MODEL).exists():
        voice = base.load(str(folder / MODEL))
    else:
        voice = base.load(base_id)
        lora.apply(voice.model, folder / ADAPTER)
    voice.model.train(False).requires_grad_(False)
    return voice

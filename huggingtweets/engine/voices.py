"""Voices in memory: a base with a person's adapter merged in, least recently used out first.

Knows bases, adapters and how many voices to keep. Does not know prompts or threads.
"""

from collections import OrderedDict
from pathlib import Path

from huggingtweets import base, lora
from huggingtweets.base import Base
from huggingtweets.errors import BadBase
from huggingtweets.registry import Version

Key = tuple[str, str, str]


class Voices:
    """At most `max_loaded` voices; not safe for several threads at once."""

    def __init__(self, max_loaded: int, beside: Path | None):
        self.max_loaded, self.beside = max_loaded, beside
        self._loaded: OrderedDict[Key, Base] = OrderedDict()

    def voice(self, version: Version) -> Base:
        """The model and tokenizer of `version`, from memory or from disk."""
        key = version.key
        if key not in self._loaded:
            while len(self._loaded) >= self.max_loaded:
                self._loaded.popitem(last=False)
            self._loaded[key] = load_voice(version, self.beside)
        self._loaded.move_to_end(key)
        return self._loaded[key]


def load_voice(version: Version, beside: Path | None) -> Base:
    """`version` as one ordinary GPT-2 for inference."""
    if version.model.exists():
        voice = base.load(str(version.model))
    else:
        if base.fingerprint(version.base, beside) != version.manifest["base_fingerprint"]:
            raise BadBase(
                version.base, f"it is not the one that {version.name} was trained on any more; train it again"
            )
        voice = base.load(version.base, beside)
        lora.apply(voice.model, version.adapter)
    voice.model.train(False).requires_grad_(False)
    return voice

"""Where an exported version lies, and for which programs it can be.

Knows paths. Does not know what is in the folder.
"""

from pathlib import Path
from typing import Literal

from huggingtweets.core.config.settings import Settings

Form = Literal["transformers", "gguf"]  # gguf is for llama.cpp and what is built on it


def folder_of(name: str, version: str, settings: Settings, form: Form = "transformers") -> Path:
    """The folder of a version."""
    return settings.exports / name / (version if form == "transformers" else f"{version}-{form}")

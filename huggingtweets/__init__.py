"""The pipeline from a person's tweets to a model that writes like them. Knows no chat platform.

    from huggingtweets import Voice, learn

    learn("me", "twitter-archive.zip")
    Voice.load("me").tweets("My dream is", 5)

Each name is imported when it is first used, so importing this package takes no time.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huggingtweets.api.learning import learn, learn_async
    from huggingtweets.api.voice import HowToDraw, Voice
    from huggingtweets.core.events import Progress

__version__ = "0.1.0"
__all__ = ["HowToDraw", "Progress", "Voice", "__version__", "learn", "learn_async"]

_MODULES = {
    "HowToDraw": "huggingtweets.api.voice",
    "Progress": "huggingtweets.core.events",
    "Voice": "huggingtweets.api.voice",
    "learn": "huggingtweets.api.learning",
    "learn_async": "huggingtweets.api.learning",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""What `huggingtweets generate` asks the running bot, what it is answered, and whether both would draw alike.

The question goes to `PATH` below the bot's page. The answer is one line of JSON. Empty lines before it say that the bot
is at work.

Knows the forms. Does not know how they are sent, or how anything is drawn.
"""

import hashlib
import json

from pydantic import BaseModel, ConfigDict

from huggingtweets import __version__
from huggingtweets.core.config.settings import Settings
from huggingtweets.generation.drawing_options import DrawingOptions, Length

PATH = "/command-line/tweets"
BEAT_SECONDS = 1.0  # between two empty lines


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Question(_Form):
    """What somebody at the command line asks for. `settings` is what `drawing_key` says of their settings."""

    settings: str
    name: str
    prompt: str = ""
    count: int = 1
    reply_to: str = ""
    temperature: float | None = None
    length: Length = "usual"
    seed: int | None = None

    @property
    def options(self) -> DrawingOptions:
        """How to draw. Raises `Usage` for what is out of bounds."""
        return DrawingOptions(self.temperature, self.length, self.seed)


class Answer(_Form):
    """The tweets, or in `refused` why there are none, with the exit code of that.

    `not_now` says that the bot cannot answer at this moment, so whoever asks may draw by themselves.
    """

    texts: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    seed: int = 0
    shortfall: str = ""
    refused: str = ""
    exit_code: int = 0
    not_now: bool = False


def drawing_key(settings: Settings) -> str:
    """The same text for the same release and for all settings by which the same voices write the same tweets."""
    parts = {
        "release": __version__,
        "models": str(settings.storage.models.absolute()),
        "tweets": str(settings.tweets.absolute()),
        "generation": settings.generation.model_dump(),
        "words": settings.words.model_dump(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

"""What the voices of one folder share: an engine, which holds bases and adapters in memory, and a writer.

A desk ends with the last voice that holds it, or with the process. Knows the engine and the writer. Does not know
names.
"""

import weakref
from pathlib import Path
from weakref import WeakValueDictionary

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.unwanted import operators_checks
from huggingtweets.generation.writer import Writer

_desks: "WeakValueDictionary[tuple[Path, GenerationSettings, str], Desk]" = WeakValueDictionary()


class Desk:
    """The engine starts with the first tweet that is drawn."""

    def __init__(self, settings: Settings):
        engine = Engine(settings.generation)
        self.writer = Writer(engine, operators_checks(settings.words))
        weakref.finalize(self, engine.end)


def desk_for(settings: Settings) -> Desk:
    """The desk of these models and settings; the same one as long as anybody holds it."""
    key = (settings.storage.models.absolute(), settings.generation, settings.words.model_dump_json())
    return _desks.get(key) or _desks.setdefault(key, Desk(settings))

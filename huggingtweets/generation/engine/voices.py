"""Voices in memory: bases and the adapters on them. Over a budget of bytes, the least recently used ones go first.

Knows versions, bases, adapters and how much memory they take. Does not know prompts, rows or who asks.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.engine import adapters
from huggingtweets.generation.engine.adapters import Held, blend
from huggingtweets.generation.engine.batch import Batch
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.habits import Habits
from huggingtweets.generation.engine.preview_voice import MAX_TEXTS, Drawable, PreviewVoice
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base
from huggingtweets.model.merged import base_of, checked_fingerprint
from huggingtweets.model.tokenizer import encode_all
from huggingtweets.registry.blend import Blend, Voice, parts_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class LoadedBase:
    """A base ready to draw with. The rows of all voices on it run in one batch."""

    id: str
    tokenizer: "Tokenizer"
    end_of_text: int
    batch: Batch
    decoder: Decoder

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""
        return self.decoder.context


@dataclass(frozen=True, slots=True)
class LoadedVoice:
    """A base, and what makes it a person's voice: an adapter, or the habits of a preview.

    A full fine-tune is a base of its own, with neither.
    """

    base: LoadedBase
    adapter: Held | None
    habits: Habits | None = None


class LoadedVoices:
    """Voices and their bases in at most `budget_bytes`. The voice that was loaded last stays, however large it is.

    `find` and `forget` may be called from any thread, `load` from one thread at a time. Rows may go on with a voice
    that was removed here. A base stays as long as a voice on it does.
    """

    def __init__(self, budget_bytes: int, make_decoder: Callable[[Weights], Decoder]):
        self._budget, self._make_decoder = budget_bytes, make_decoder
        self._voices: OrderedDict[Hashable, LoadedVoice] = OrderedDict()
        self._names: dict[Hashable, frozenset[str]] = {}
        self._bases: dict[Hashable, LoadedBase] = {}
        self._forgotten_meanwhile: set[str] = set()  # while a voice is being loaded
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._voices)

    @property
    def bytes(self) -> int:
        """The bytes that all of them take in memory together."""
        with self._lock:
            return self._bytes()

    def find(self, voice: Drawable) -> LoadedVoice | None:
        """`voice` if it is in memory, otherwise None."""
        if isinstance(voice, PreviewVoice):
            return None
        with self._lock:
            loaded = self._voices.get(voice.key)
            if loaded:
                self._voices.move_to_end(voice.key)
            return loaded

    def load(self, voice: Drawable) -> LoadedVoice:
        """`voice`, from disk if need be. A preview is made anew each time: none of its texts stay in memory.

        Raises `BadBase` or `Unavailable` when a file is missing, broken or of another base, and `Usage` for a blend of
        voices that do not share a base.
        """
        if isinstance(voice, PreviewVoice):
            return self._preview(voice)
        if in_memory := self.find(voice):
            return in_memory
        with self._lock:
            self._forgotten_meanwhile.clear()
        parts = parts_of(voice)
        version = parts[0][1]
        if isinstance(voice, Blend):
            _refuse_what_does_not_mix(voice)
        if version.model.exists():
            return self._keep(voice, LoadedVoice(self._base(version.key, str(version.model)), None))
        loaded = self._base((base_of(version), checked_fingerprint(version)), base_of(version))
        decoder = loaded.decoder
        pieces = [(weight, adapters.load(part.adapter, decoder.layout, decoder.dtype)) for weight, part in parts]
        adapter = blend(pieces) if isinstance(voice, Blend) else pieces[0][1]
        return self._keep(voice, LoadedVoice(loaded, decoder.hold(adapter)))

    def _preview(self, voice: PreviewVoice) -> LoadedVoice:
        loaded = self._base((voice.base, base.fingerprint(voice.base)), voice.base)
        texts = encode_all(loaded.tokenizer, voice.texts[-MAX_TEXTS:])
        return LoadedVoice(loaded, None, Habits(texts, loaded.end_of_text, loaded.decoder.layout.vocabulary))

    def forget(self, name: str) -> None:
        """Remove every version of `name`, and every joint model and blend with it.

        One that is being loaded is drawn once, and not kept.
        """
        with self._lock:
            self._forgotten_meanwhile.add(name)
            for key in [key for key, names in self._names.items() if name in names]:
                self._drop(key)

    def _base(self, key: Hashable, source: str) -> LoadedBase:
        with self._lock:
            in_memory = self._bases.get(key)
        if in_memory:
            return in_memory
        checkpoint = base.load(source)
        decoder = self._make_decoder(Weights.of(checkpoint.model, checkpoint.banned))
        loaded = LoadedBase(
            checkpoint.id, checkpoint.tokenizer, checkpoint.end_of_text, Batch(decoder, checkpoint.end_of_text), decoder
        )
        with self._lock:
            self._bases[key] = loaded
        return loaded

    def _keep(self, voice: Voice, loaded: LoadedVoice) -> LoadedVoice:
        with self._lock:
            if self._forgotten_meanwhile & voice.name.people:
                self._drop_unused_bases()
                return loaded
            self._voices[voice.key] = loaded
            self._names[voice.key] = voice.name.people
            while len(self._voices) > 1 and self._bytes() > self._budget:
                self._drop(next(iter(self._voices)))
            return loaded

    def _drop(self, key: Hashable) -> None:
        del self._voices[key], self._names[key]
        self._drop_unused_bases()

    def _drop_unused_bases(self) -> None:
        used = {id(voice.base) for voice in self._voices.values()}
        self._bases = {key: loaded for key, loaded in self._bases.items() if id(loaded) in used}

    def _bytes(self) -> int:
        adapted = sum(voice.adapter.bytes for voice in self._voices.values() if voice.adapter)
        return adapted + sum(loaded.decoder.bytes for loaded in self._bases.values())


def _refuse_what_does_not_mix(voice: Blend) -> None:
    versions = [version for _, version in voice.parts]
    for version in versions:
        if version.model.exists():
            raise Usage(
                Phrase(
                    "{name} cannot be blended: all of its weights were trained, and only adapters add up.",
                    name=version.name,
                )
            )
    first = versions[0]
    for version in versions[1:]:
        if version.manifest.base_fingerprint != first.manifest.base_fingerprint:
            raise Usage(
                Phrase(
                    "{name} and {name2} cannot be blended: they are on different base models. Mix other voices, or let "
                    "one of them learn again on the base of the other.",
                    name=first.name,
                    name2=version.name,
                )
            )

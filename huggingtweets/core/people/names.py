"""Names: of one person (a handle), of a voice (`ann-bob`), and of a blend of voices (`ann+0.5*bob-cat`).

A name is parsed once, where it comes in: `VoiceName.parse` and `BlendName.parse` raise `Usage` for what is no name.
It is a string as well, because it is stored as one: as a folder, in a column, in a message. What was stored is a name
already and is not parsed again: `VoiceName(row.voice)`.

Knows strings. A voice's name is safe as a folder. Does not know which voices there are.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Self

from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

MAX_CHARACTERS = 200  # file systems allow 255, of which the registry needs some
MAX_VOICES = 8  # in one blend
MAX_WEIGHT = 4.0
_AROUND = " \t\r\n,;:!?…\"'“”‘’«»„()`~"  # what people write around a name
MAX_HANDLE = 30
_HANDLE = re.compile(rf"[a-z0-9_]{{1,{MAX_HANDLE}}}")
_WEIGHT = re.compile(r"\d{1,3}(\.\d{1,6})?|\.\d{1,6}")
_SHOWN = 60  # characters of a wrong name in its error


class BlendName(str):
    """Names of voices and their weights, in one form: `ann+0.5*bob`. An empty one names nobody.

    A voice alone is the blend of one voice with the weight 1, so every `VoiceName` is a `BlendName`.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "BlendName":
        """`@Ann + .5*bob` as `ann+0.5*bob`; raises `Usage`. A voice that comes twice has the sum of its weights."""
        return BlendName.of(_parse_part(part) for part in text.split("+"))

    @staticmethod
    def of(parts: "Iterable[tuple[float, VoiceName]]") -> "BlendName":
        """The blend of these voices; raises `Usage` for too many, and for too much of one.

        It is a `VoiceName` if it is one voice with the weight 1.
        """
        weights: dict[VoiceName, float] = {}
        for weight, voice in parts:
            weights[voice] = weights.get(voice, 0.0) + weight
        if len(weights) > MAX_VOICES:
            raise Usage(
                Phrase(
                    "{count} voices in one blend are too many: name at most {most}.",
                    count=len(weights),
                    most=MAX_VOICES,
                )
            )
        for weight in weights.values():
            if not 0 < weight <= MAX_WEIGHT:
                raise _no_weight(_written(weight))
        name = "+".join(voice if weight == 1 else f"{_written(weight)}*{voice}" for voice, weight in weights.items())
        return VoiceName(name) if list(weights.values()) == [1] else BlendName(name)

    @staticmethod
    def sum_of(blends: "Iterable[BlendName]") -> "BlendName":
        """All of these in one blend; raises `Usage` for too many."""
        return BlendName.of(part for blend in blends for part in blend.parts)

    @property
    def parts(self) -> "tuple[tuple[float, VoiceName], ...]":
        """Each voice with its weight, in the order in which they were named."""
        split = (part.rpartition("*") for part in self.split("+") if part)
        return tuple((float(weight) if star else 1.0, VoiceName(voice)) for weight, star, voice in split)

    @property
    def voices(self) -> "tuple[VoiceName, ...]":
        """The voices without their weights."""
        return tuple(voice for _, voice in self.parts)

    @property
    def handles(self) -> "tuple[VoiceName, ...]":
        """Everybody in it, each once. A handle is the name of the voice of one person."""
        return tuple(dict.fromkeys(handle for voice in self.voices for handle in voice.handles))

    @property
    def people(self) -> "frozenset[VoiceName]":
        """Its voices and everybody in them: all the names under which somebody may have withdrawn."""
        return frozenset({*self.voices, *self.handles})

    @property
    def single(self) -> "VoiceName":
        """The one voice in it; raises `Usage` if there are several, or if its weight is not 1."""
        if len(self.parts) != 1 or self.parts[0][0] != 1:
            raise Usage(Phrase("{name} is a blend; name one voice alone here.", name=self[:_SHOWN]))
        return self.voices[0]


class VoiceName(BlendName):
    """The name of one voice: the handles of its people in order, joined by `-`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """`@NeilTyson-NASA` as `nasa-neiltyson`; raises `Usage` for what cannot be the name of a voice."""
        return cls.together(map(parse_handle, text.split("-")))

    @classmethod
    def together(cls, voices: "Iterable[VoiceName]") -> Self:
        """The name of the one voice that is learned from all of these; raises `Usage` if it is too long."""
        name = "-".join(sorted({handle for voice in voices for handle in voice.handles}))
        if len(name) > MAX_CHARACTERS:
            raise Usage(Phrase("{name}… is too long for a name: join fewer people.", name=name[:_SHOWN]))
        return cls(name)

    @property
    def handles(self) -> "tuple[VoiceName, ...]":
        """Its people, in order."""
        return tuple(map(VoiceName, self.split("-"))) if self else ()

    @property
    def is_of_one(self) -> bool:
        """Returns True if it is the voice of one person."""
        return len(self.handles) == 1


NO_VOICE = VoiceName()  # where a voice may be named and is not


def parse_handle(text: str) -> VoiceName:
    """`@NASA,` as `nasa`; raises `Usage` for what cannot be a handle."""
    handle = comparable(text.strip(_AROUND)).rstrip(".")
    if not _HANDLE.fullmatch(handle):
        raise Usage(
            Phrase("{text} is not a name: use up to 30 letters, digits and _, as in a handle.", text=quoted(text))
        )
    return VoiceName(handle)


def comparable(text: str) -> str:
    """`text` as names are written, without `@` and in lower case, to look for it among names. It may be half of one."""
    return without_at(text).lower()


def handle_like(name: str) -> str:
    """A handle for somebody who is called `name`: `ann_keeper` for Ann Keeper. Empty without letters from a to z."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain)[:MAX_HANDLE].strip("_")


def without_at(text: str) -> str:
    """`@NASA` as `NASA`: a handle as its network writes it."""
    return text.strip().removeprefix("@")


def _parse_part(text: str) -> tuple[float, VoiceName]:
    weight, star, voice = text.rpartition("*")
    return _parse_weight(weight) if star else 1.0, VoiceName.parse(voice)


def _parse_weight(text: str) -> float:
    text = text.strip()
    weight = float(text) if _WEIGHT.fullmatch(text) else 0.0
    if not 0 < weight <= MAX_WEIGHT:
        raise _no_weight(text)
    return weight


def _no_weight(text: str) -> Usage:
    return Usage(
        Phrase(
            "{text} is not a weight: write a number above 0 and up to {most:g}, as in 0.5*name.",
            text=quoted(text, 20),
            most=MAX_WEIGHT,
        )
    )


def _written(weight: float) -> str:
    """A weight as it can be read again."""
    return f"{weight:.6f}".rstrip("0").rstrip(".")

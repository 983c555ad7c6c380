"""What the form of Try holds, and what is asked of the voices by it.

Knows fields of a form. Does not know HTTP, which voices there are, or how anything is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from bot.voices.scene import USUAL_LINES, SceneAsk
from bot.voices.tweeting import Ask
from bot.web.entry.visitors import PLACE
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.drawing_options import AS_USUAL, MAX_SEED, DrawingOptions, Length
from huggingtweets.tweets.learned.clean import what_to_answer

USUAL_COUNT = 3
USUAL_DARING = 1.0  # as the settings say
MAX_VOICES = 4  # in one blend
MAX_SHARE = 100  # percent of a voice that is mixed in
Kind = Literal["start", "answer", "scene"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form shows.

    `others` are voices that are mixed in, with their share in percent. `cast` are those who talk with the voice in a
    scene of `lines` lines.
    """

    voice: str = ""
    others: tuple[tuple[str, int], ...] = ()
    kind: Kind = "start"
    text: str = ""
    count: int = USUAL_COUNT
    options: DrawingOptions = AS_USUAL
    cast: tuple[str, ...] = ()
    lines: int = USUAL_LINES

    @property
    def daring(self) -> float:
        """The temperature as the form has it."""
        return USUAL_DARING if self.options.temperature is None else self.options.temperature

    @property
    def blend(self) -> BlendName:
        """The voice, or the blend. Raises `Usage` for what is no name, and for too many."""
        if not self.voice.strip():
            raise Usage("Choose a voice first.")
        if len(self.others) >= MAX_VOICES:
            raise Usage(f"I mix at most {MAX_VOICES} voices. Take one out.")
        first = BlendName.parse(self.voice)
        mixed = ((min(share, MAX_SHARE) / 100, VoiceName.parse(name)) for name, share in self.others)
        return BlendName.of([*first.parts, *mixed])

    @property
    def players(self) -> tuple[VoiceName, ...]:
        """Who talks in the scene, in turns. Raises `Usage` for what is no name."""
        if not self.voice.strip():
            raise Usage("Choose a voice first.")
        return tuple(dict.fromkeys(VoiceName.parse(name) for name in (self.voice, *self.cast) if name.strip()))

    def ask(self, person: str) -> Ask:
        """The tweets that are asked for. Raises `Usage` with what to change."""
        text = self.text.strip()
        prompt, context = (text, "") if self.kind != "answer" else ("", what_to_answer(" ".join(text.split())))
        if self.kind == "answer" and not context:
            raise Usage("Write the post that the voice should answer, or choose How it begins.")
        return Ask(person, self.blend, prompt, self.count, server=PLACE, context=context, options=self.options)

    def scene(self, person: str) -> SceneAsk:
        """The scene that is asked for. Raises `Usage` with what to change."""
        return SceneAsk(person, self.players, " ".join(self.text.split()), self.lines, PLACE)


class Filled(BaseModel):
    """The form as a browser sends it."""

    voice: str = Field("", max_length=400)
    others: Sequence[str] = Field((), alias="with")
    shares: Sequence[int] = Field((), alias="share")
    kind: Kind = "start"
    text: str = ""
    count: int = USUAL_COUNT
    daring: float = USUAL_DARING
    length: Length = "usual"
    seed: str = Field("", max_length=40)
    cast: Sequence[str] = ()
    lines: int = USUAL_LINES

    @property
    def wish(self) -> Wish:
        """What is wished for. Raises `Usage` for options that are out of bounds."""
        mixed = zip(self.others, self.shares, strict=False)
        return Wish(
            self.voice,
            tuple((name, share) for name, share in mixed if name and share > 0),
            self.kind,
            self.text,
            self.count,
            DrawingOptions(
                temperature=None if self.daring == USUAL_DARING else self.daring,
                length=self.length,
                seed=seed_of(self.seed),
            ),
            tuple(name for name in self.cast if name),
            self.lines,
        )


def seed_of(text: str) -> int | None:
    """The seed that somebody typed, or None for nothing. Raises `Usage` for what is no number."""
    text = typed(text)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise Usage(f"A seed is a whole number from 0 to {MAX_SEED}. Leave it empty to get other tweets each time.")
    return int(text)

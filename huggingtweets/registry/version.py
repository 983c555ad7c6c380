"""One trained version of a voice: its folder, what its manifest says, and the event that ends its training.

Knows where each file of a version is. Does not know other versions, or which one is in use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core.events import Done
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.manifest import ADAPTER, DATASET, DISCRIMINATOR, MODEL, PROFILE, PROFILE_PICTURE, Manifest


@dataclass(frozen=True, slots=True)
class Version:
    """One trained version: its folder, and what its manifest says."""

    name: VoiceName
    version: str
    folder: Path
    manifest: Manifest

    @property
    def key(self) -> tuple[VoiceName, str, str]:
        """Differs from the key of every other version, also of one that was forgotten and had the same number."""
        return self.name, self.version, self.manifest.created

    @property
    def base(self) -> str:
        return self.manifest.base

    @property
    def rejected(self) -> str:
        """A sentence that says why it is not fit to be used. Empty if it is."""
        return self.manifest.verdict.why_not

    def as_event(self, *, seconds: float, notes: Sequence[Phrase] = (), peak_memory_mb: int = 0) -> Done:
        """The event that ends the training which made this version."""
        manifest = self.manifest
        return Done(
            name=self.name,
            version=self.version,
            base=self.base,
            **manifest.counts.as_json(),
            report=manifest.report,
            in_use=not self.rejected,
            why_not=manifest.verdict.for_people or self.rejected,
            samples=manifest.samples,
            phrase=manifest.verdict.phrase,
            notes=tuple(map(str, notes)),
            note_phrases=tuple(note.as_json() for note in notes),
            seconds=round(seconds, 1),
            peak_memory_mb=peak_memory_mb,
        )

    @property
    def adapter(self) -> Path:
        """The adapter's folder. A full fine-tune has none."""
        return self.folder / ADAPTER

    @property
    def model(self) -> Path:
        """The folder of the weights of a full fine-tune. An adapter has none."""
        return self.folder / MODEL

    @property
    def dataset(self) -> Path:
        """The texts it was trained and judged on."""
        return self.folder / DATASET

    @property
    def discriminator(self) -> Path:
        """What tells its drafts from real tweets, if there is any."""
        return self.folder / DISCRIMINATOR

    @property
    def profile(self) -> Path:
        """What makes the person recognisable, as data."""
        return self.folder / PROFILE

    @property
    def profile_picture(self) -> Path:
        """The profile as a picture, if one could be drawn."""
        return self.folder / PROFILE_PICTURE

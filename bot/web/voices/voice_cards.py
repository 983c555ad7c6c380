"""Voices as people choose them: a picture, a name, how good it is, and what it wrote first.

Knows versions in use and what is being learned. Does not know pages.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from bot.trainings.training import Training
from bot.voices.tweeting import Tweeting
from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import parts_of
from bot.web.frame.faces import Face, face_of
from bot.web.voices.starts import openings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.evaluation import verdict
from huggingtweets.registry.version import Version
from huggingtweets.sources.sample import first_tweets
from huggingtweets.tweets.learned.dataset import Dataset

MAX_REMEMBERED = 200  # voices whose openings are kept in memory
SAMPLES = 3
SHIPPED = "v1"  # the version of the sample account's voice that comes with this software


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """One voice. `version` is None if none is in use, as while the voice is learned for the first time."""

    name: VoiceName
    faces: tuple[Face, ...]
    version: Version | None
    strength: str
    verdict: str
    tweets: int
    samples: tuple[str, ...]

    @property
    def title(self) -> str:
        return " & ".join(face.name for face in self.faces)

    @property
    def handles(self) -> str:
        return " ".join(f"@{face.handle}" for face in self.faces)


class Gallery:
    """The voices that may speak on the page."""

    def __init__(self, tweeting: Tweeting, training: Training, avatars: Path, sample: str):
        self._tweeting = tweeting
        self._training = training
        self._avatars = avatars
        self._sample = sample
        self._openings: dict[tuple[VoiceName, str, str], list[str]] = {}

    async def voices(self) -> list[VoiceCard]:
        """All of them, sorted by name; those that are being learned come last."""
        versions = await self._tweeting.models(PLACE)
        cards = await asyncio.to_thread(lambda: [self.card(version) for version in versions])
        in_use = {card.name for card in cards}
        learning = sorted(await self._tweeting.voices(PLACE) - in_use)
        return [*cards, *(self.without_version(name) for name in learning)]

    def card(self, version: Version) -> VoiceCard:
        """The card of a version."""
        manifest = version.manifest
        accounts = {account.handle.lower(): account.display_name for account in manifest.accounts}
        faces = tuple(face_of(handle, accounts.get(handle, ""), self._avatars) for handle in version.name.handles)
        strength = verdict.strength_of(manifest)
        return VoiceCard(
            version.name,
            faces,
            version,
            strength.value if strength else "",
            verdict.of(manifest),
            manifest.counts.kept,
            self._samples(version),
        )

    def _samples(self, version: Version) -> tuple[str, ...]:
        """What the voice wrote first. Of the voice that comes with this software, some were picked."""
        is_shipped = version.name == self._sample and version.version == SHIPPED
        return tuple(first_tweets()) if is_shipped else version.manifest.samples[:SAMPLES]

    def openings(self, version: Version) -> list[str]:
        """How the person likes to begin. It reads the texts of the version once, so call it on a thread."""
        if version.key not in self._openings:
            while len(self._openings) >= MAX_REMEMBERED:
                self._openings.pop(next(iter(self._openings)))
            self._openings[version.key] = openings(Dataset.load(version.dataset).texts)
        return self._openings[version.key]

    def without_version(self, name: VoiceName) -> VoiceCard:
        """The card of a voice that has no version in use."""
        faces = tuple(face_of(handle, "", self._avatars) for handle in name.handles)
        return VoiceCard(name, faces, None, "", "", 0, ())


def gallery_of(request: Request) -> Gallery:
    """The gallery of this page."""
    gallery: Gallery = request.app.state.gallery
    return gallery


async def card_of(request: Request, voice: VoiceName, number: str) -> VoiceCard:
    """The card of one version of a voice, or of the voice alone if the version is gone."""
    version = (await parts_of(request).versions.kept(voice)).numbered(number)
    gallery = gallery_of(request)
    return gallery.card(version) if version else gallery.without_version(voice)

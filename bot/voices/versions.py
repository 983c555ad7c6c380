"""The use case "which version is in use": admins promote a version or roll back, and the audit notes it.

Knows the registry and the audit. Does not know platforms, or how a version came to be.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from bot.store import Store
from huggingtweets.core.errors import PipelineError, UnknownModel, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry


@dataclass(frozen=True, slots=True)
class Kept:
    """The versions of a voice that can be read, the newest first.

    `in_use` is the number of the version in use, and `earlier` of the one that a rollback would bring back. Each is
    empty if there is none.
    """

    versions: tuple[Version, ...] = ()
    in_use: str = ""
    earlier: str = ""

    @property
    def current(self) -> Version | None:
        """The version in use, if there is one."""
        return self.numbered(self.in_use)

    def numbered(self, number: str) -> Version | None:
        """The version of that number, if there is one."""
        return next((version for version in self.versions if version.version == number), None)


class Versions:
    """The versions of voices, and which of them are in use."""

    def __init__(self, *, store: Store, registry: Registry):
        self._store = store
        self._registry = registry

    async def names(self) -> list[VoiceName]:
        """The voices with a complete version, in use or not."""
        return await asyncio.to_thread(self._registry.all_names)

    async def of(self, voice: VoiceName) -> list[str]:
        """The versions of a voice, the newest first."""
        return (await asyncio.to_thread(self._registry.versions, voice))[::-1]

    async def kept(self, voice: VoiceName) -> Kept:
        """All that is kept of a voice. It is empty if there is no such voice."""
        return await asyncio.to_thread(self._kept, voice)

    async def promote(self, voice: VoiceName, version: str, by: str) -> Version:
        """Put `version` in use. Raises `UnknownModel` and `UnknownVersion`."""
        promoted = await asyncio.to_thread(self._registry.promote, voice, version.strip().lower())
        await self._store.audit.add(by, "version.promote", promoted.name, version=promoted.version)
        return promoted

    async def rollback(self, voice: VoiceName, by: str, *, instead_of: str = "") -> Version:
        """Go back to the version that was in use before. Raises `UnknownModel` and `Usage`.

        `instead_of` is the version that the person saw in use. If another one is in use by now, as after a second
        click, nothing is changed and `Usage` is raised.
        """
        if instead_of and (now := (await self.kept(voice)).in_use) != instead_of:
            raise Usage(
                Phrase(
                    "{version} is in use by now, not {instead_of}, so I changed nothing.",
                    version=now or Phrase("No version"),
                    instead_of=instead_of,
                )
            )
        promoted = await asyncio.to_thread(self._registry.rollback, voice)
        await self._store.audit.add(by, "version.rollback", promoted.name, version=promoted.version)
        return promoted

    def _kept(self, voice: VoiceName) -> Kept:
        versions: list[Version] = []
        for number in reversed(self._registry.versions(voice)):
            with suppress(PipelineError):
                versions.append(self._registry.version(voice, number))
        try:
            in_use = self._registry.current(voice).version
        except UnknownModel:
            in_use = ""
        return Kept(tuple(versions), in_use, self._registry.earlier(voice))

"""The use case "which version is in use": admins promote a version or roll back, and the audit notes it.

Knows the registry and the audit. Does not know platforms, or how a version came to be.
"""

import asyncio

from bot.store import Store
from huggingtweets.core.names import VoiceName
from huggingtweets.registry.versions import Registry, Version


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

    async def promote(self, voice: VoiceName, version: str, by: str) -> Version:
        """Put `version` in use. Raises `UnknownModel` and `UnknownVersion`."""
        promoted = await asyncio.to_thread(self._registry.promote, voice, version.strip().lower())
        await self._store.audit.add(by, "version.promote", promoted.name, version=promoted.version)
        return promoted

    async def rollback(self, voice: VoiceName, by: str) -> Version:
        """Go back to the version that was in use before. Raises `UnknownModel` and `Usage`."""
        promoted = await asyncio.to_thread(self._registry.rollback, voice)
        await self._store.audit.add(by, "version.rollback", promoted.name, version=promoted.version)
        return promoted

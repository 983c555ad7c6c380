"""The use case "which version is in use": promoted and rolled back by admins, and noted.

Knows the registry and the audit. Does not know platforms, or how a version came to be.
"""

import asyncio

from bot.store import Store
from huggingtweets.core.names import VoiceName
from huggingtweets.registry.versions import Registry, Version


class Versions:
    """Versions of voices."""

    def __init__(self, *, store: Store, registry: Registry):
        self._store = store
        self._registry = registry

    async def names(self) -> list[VoiceName]:
        """Voices with a whole version, in use or not."""
        return await asyncio.to_thread(self._registry.all_names)

    async def of(self, voice: VoiceName) -> list[str]:
        """The versions of a voice, the newest first."""
        return (await asyncio.to_thread(self._registry.versions, voice))[::-1]

    async def promote(self, voice: VoiceName, version: str, by: str) -> Version:
        """Put `version` in use; raises `UnknownModel`, `UnknownVersion`."""
        found = await asyncio.to_thread(self._registry.promote, voice, version.strip().lower())
        await self._store.audit.add(by, "version.promote", found.name, version=found.version)
        return found

    async def rollback(self, voice: VoiceName, by: str) -> Version:
        """Go back to the version before; raises `UnknownModel`, `Usage`."""
        found = await asyncio.to_thread(self._registry.rollback, voice)
        await self._store.audit.add(by, "version.rollback", found.name, version=found.version)
        return found

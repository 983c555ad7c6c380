"""What admins have set for a channel or a server, as the database calls it, and whose voice a channel has.

Knows the names of settings. Does not know the command that changes them, or what they lead to.
"""

from collections.abc import Iterable

from bot.store.settings import StoredSettings
from huggingtweets.core.people.names import NO_VOICE, BlendName

VOICE = "voice"  # of a channel: who answers a mention that names nobody, and who speaks there
THREADS = "threads"  # of a server: whether a mention is answered in a thread of its own
NOTICES = "notices"  # of all: the channel in which admins are told


async def voice_of_place(settings: StoredSettings, places: Iterable[str]) -> BlendName:
    """Returns the voice of a channel, or of what it is in. It is empty if nobody has chosen one."""
    for place in places:
        if voice := await settings.get(place, VOICE):
            return BlendName(voice)
    return NO_VOICE

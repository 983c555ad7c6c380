"""What goes when a voice is deleted, as the page says it before it is done.

Knows what is kept of voices. Does not know how it is deleted, or HTTP.
"""

import asyncio
from dataclasses import dataclass

from bot.web.frame.parts import Parts
from huggingtweets.core.people.names import VoiceName


@dataclass(frozen=True, slots=True)
class Going:
    """What would be deleted. `others` are further voices of the same person, or voices that they share with others.

    `has_opted_out` is True if somebody in them does not want to be learned again anyway.
    """

    voices: tuple[VoiceName, ...]
    others: tuple[VoiceName, ...]
    versions: int
    tweets: int
    is_being_learned: bool
    has_opted_out: bool


async def what_goes(parts: Parts, voice: VoiceName) -> Going:
    """What would be deleted with `voice`. It names no voice if there is none of that name."""
    voices = tuple(await parts.consenting.deleted_with(voice))
    people = {handle for name in voices for handle in name.handles if name.is_of_one}
    jobs = await parts.training.jobs()
    return Going(
        voices=voices,
        others=tuple(name for name in voices if name != voice),
        versions=sum([len(await parts.versions.of(name)) for name in voices]),
        tweets=await asyncio.to_thread(lambda: sum(len(parts.tweets.tweets(handle)) for handle in people)),
        is_being_learned=any(job.name.people & {voice, *people} for job in jobs),
        has_opted_out=await parts.consenting.willing.have_opted_out(voices),
    )

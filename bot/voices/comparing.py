"""Two versions of a voice side by side: tweets are drawn from both, and people vote without knowing which is which.

Knows versions, tweets and votes. Does not know platforms, or how tweets are shown.
"""

import asyncio
import secrets

from bot.core.process.ongoing import end
from bot.store import Store
from bot.store.voices.comparisons import Comparison, Preferences, Verdict
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

COUNT = 3  # tweets of each version
GONE = "This comparison is not there any more, or was made for somebody else. Begin a new one."


class Comparing:
    """Comparisons of two versions of one voice."""

    def __init__(self, *, store: Store, tweeting: Tweeting):
        self._store = store
        self._tweeting = tweeting

    async def begin(
        self, voice: VoiceName, one: str, other: str, *, person: str, server: str, prompt: str = ""
    ) -> Comparison:
        """Draw tweets from two versions. Raises like `Tweeting.tweet_like`, and `Usage` if there are not two."""
        if one == other:
            raise Usage("Choose two different versions.")
        older, newer = sorted((one, other), key=lambda version: (len(version), version))
        count = min(COUNT, self._tweeting.max_count)
        asks = [
            Ask(person, voice, prompt, count, server=server, version=version, cost=cost)
            for version, cost in ((older, 1.0), (newer, 0.0))
        ]
        drawing = [asyncio.create_task(self._tweeting.tweet_like(ask)) for ask in asks]
        try:
            first, second = await asyncio.gather(*drawing)
        finally:
            await end(*drawing)  # if one was refused, nobody waits for the other
        number = secrets.token_urlsafe(12)
        was_kept = await self._store.comparisons.begin(
            number,
            person=person,
            voice=voice,
            older=older,
            newer=newer,
            texts_of_older=first.texts,
            texts_of_newer=second.texts,
            older_first=secrets.randbelow(2) == 0,
        )
        if not was_kept:
            raise Usage(GONE)
        return await self.again(number, person=person, server=server)

    async def again(self, number: str, *, person: str, server: str) -> Comparison:
        """A comparison that was made for `person`. Raises `Usage` if there is none.

        Raises `NotAllowed` if the voice may not speak any more.
        """
        comparison = await self._store.comparisons.get(number)
        if not comparison or comparison.person != person:
            raise Usage(GONE)
        await self._tweeting.refuse_unwilling(comparison.voice, server)
        return comparison

    async def vote(self, number: str, verdict: Verdict, *, person: str, server: str) -> Comparison:
        """Note what `person` liked better. The first vote counts. Raises like `again`."""
        await self.again(number, person=person, server=server)
        await self._store.comparisons.vote(number, person, verdict)
        return await self.again(number, person=person, server=server)

    async def preferences(self, voice: VoiceName) -> list[Preferences]:
        """How often people liked each of two versions better."""
        return await self._store.comparisons.preferences(voice)

"""Whether a voice may speak or be learned. Whatever draws, shows, sends or learns asks here, at that very moment.

    forgotten or opted out     nowhere, and not learned, whatever name the person's account has here
    joined by /join            on the server where its owner agreed, or everywhere if they said so
    everybody else             everywhere

No answer is kept: the database is read each time, and so are the lists beside the tweets if they have changed. So an
opt-out holds at once, in whatever process, and a `huggingtweets forget` on the command line does, too.

Knows voices and servers. Does not know who asks, or what for.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.core.errors import NotAllowed
from bot.core.servers import NO_SERVER
from bot.store import Store
from bot.store.people.consent import Lent, Said
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.records import Account
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.accounts import Accounts
from huggingtweets.tweets.kept.unwilling import MEMBER, account_key

MAX_NAMED = 50  # people; whoever asks about more gets everybody
NameT = TypeVar("NameT", bound=BlendName)


@dataclass(frozen=True, slots=True)
class Consents:
    """What everybody has said up to one moment.

    `unwanted` are names and `accounts` are accounts of people who opted out or were forgotten. `lent` says where the
    voices of those who joined are heard.
    """

    unwanted: frozenset[str]
    accounts: frozenset[str]
    lent: Mapping[VoiceName, Lent]

    def objection(self, voice: BlendName, server: str, accounts: Accounts) -> Phrase:
        """A sentence that says why `voice` may not speak on `server`. Empty if it may."""
        return self.objection_to_learning(voice, accounts) or self._objection_here(voice, server)

    def objection_to_learning(self, voice: BlendName, accounts: Accounts) -> Phrase:
        """A sentence that says why `voice` may be neither learned nor imitated, anywhere. Empty if it may."""
        for person in sorted(voice.people):
            if person in self.unwanted or (self.accounts and self.accounts & accounts.of(person)):
                return Phrase("{person} does not want to be imitated.", person=person)
        return Phrase()

    def _objection_here(self, voice: BlendName, server: str) -> Phrase:
        for person in sorted(voice.people):
            lent = self.lent.get(person)
            if lent and not lent.is_heard_on(server):
                # The sentence does not say where the voice is heard: that would tell who is on which server.
                return Phrase(
                    "I know no voice called {person} here. A voice from /join is heard where its owner said so.",
                    person=person,
                )
        return Phrase()


class Willing:
    """Reads the database and the lists beside the tweets, and answers."""

    def __init__(self, store: Store, settings: Settings):
        self._store = store
        self._accounts = Accounts(settings)

    async def refuse(self, voice: BlendName, server: str = NO_SERVER) -> None:
        """Raises `NotAllowed` if `voice` may not speak on `server`."""
        if objection := (await self._objections([voice], server))[voice]:
            raise NotAllowed(objection)

    async def refuse_to_learn(self, voice: VoiceName) -> None:
        """Raises `NotAllowed` if somebody in `voice` does not want to be learned."""
        objection = await self._store.consent.judged(
            lambda said: self._consents(said).objection_to_learning(voice, self._accounts), voice.people
        )
        if objection:
            raise NotAllowed(objection)

    async def may_speak(self, voice: BlendName, server: str = NO_SERVER) -> bool:
        """Returns True if `voice` may speak on `server`."""
        return not (await self._objections([voice], server))[voice]

    async def among(self, voices: Iterable[NameT], server: str = NO_SERVER) -> list[NameT]:
        """Those of `voices` that may speak on `server`, in the same order."""
        voices = list(voices)
        objections = await self._objections(voices, server)
        return [voice for voice in voices if not objections[voice]]

    async def unwanted(self) -> frozenset[str]:
        """The names of everybody who opted out or was forgotten."""
        return await self._store.consent.judged(lambda said: self._consents(said).unwanted)

    async def have_opted_out(self, voices: Iterable[VoiceName]) -> bool:
        """Returns True if somebody in one of `voices` has opted out."""
        opted_out = (await self._store.consent.said(())).opted_out
        return any(opted_out & voice.people for voice in voices)

    async def tell_pipeline(self) -> None:
        """Write down beside the tweets who has opted out: command line and trainings do not read the database."""
        await asyncio.to_thread(self._note, await self._store.consent.said(()))

    def _note(self, said: Said) -> None:
        self._accounts.unwilling.note_opted_out({name: self._accounts_of(name, said.lent) for name in said.opted_out})

    async def _objections(self, voices: Sequence[BlendName], server: str) -> dict[BlendName, str]:
        people = frozenset[str]().union(*(voice.people for voice in voices))

        def objections(said: Said) -> dict[BlendName, str]:
            consents = self._consents(said)
            return {voice: consents.objection(voice, server, self._accounts) for voice in voices}

        return await self._store.consent.judged(objections, people if len(people) <= MAX_NAMED else None)

    def _consents(self, said: Said) -> Consents:
        """What everybody has said, in the database and in the lists beside the tweets."""
        stones = self._accounts.unwilling.tombstones()
        accounts = [self._accounts_of(name, said.lent) for name in said.opted_out]
        accounts += [stone.accounts for stone in stones.values()]
        unwanted = said.opted_out | said.buried | set(stones)
        return Consents(unwanted, frozenset[str]().union(*accounts), said.lent)

    def _accounts_of(self, name: str, lent: Collection[str]) -> frozenset[str]:
        """The accounts behind `name`, also those of a voice that was deleted.

        A member's name on Discord is nobody's handle at X.
        """
        if name in lent:
            return frozenset({account_key(Account(name, site=MEMBER))})
        return self._accounts.of(name) | self._accounts.unwilling.accounts_of(name)

"""Whether a voice may speak, asked at the moment it is to speak. Everything that draws, shows or sends asks here.

    forgotten or opted out     nowhere, under whatever name the person's account was learned
    joined by /join            on the server where its owner agreed, or everywhere if they said so
    everybody else             everywhere

Nothing is remembered between two questions: the database and the lists beside the tweets are read each time, so a
`huggingtweets forget` on the command line holds at once.

Knows voices and servers. Does not know who asks, or what for.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.errors import NotAllowed
from bot.store import Store
from bot.store.members import Member
from huggingtweets.core.config import Settings
from huggingtweets.core.names import people_in
from huggingtweets.core.records import Account
from huggingtweets.registry.accounts import Accounts
from huggingtweets.tweets.unwilling import MEMBER, account_key

NO_SERVER = ""  # direct messages, the page, posts


@dataclass(frozen=True, slots=True)
class Consents:
    """What everybody has said, at one moment: voices that are out, accounts that are out, and who joined where."""

    unwanted: frozenset[str]
    accounts: frozenset[str]
    joined: Mapping[str, Member]

    def objection(self, voice: str, server: str, accounts: Accounts) -> str:
        """Why `voice` may not speak on `server`, in a sentence. Empty if it may."""
        people = sorted(people_in(voice))
        for person in people:
            if person in self.unwanted or (self.accounts and self.accounts & accounts.of(person)):
                return f"{person} does not want to be imitated."
        for person in people:
            member = self.joined.get(person)
            if member and not member.is_heard_on(server):
                # It does not say where the voice is heard: that tells who is on which server.
                return f"I know no voice called {person} here. A voice from /join is heard where its owner said so."
        return ""


class Willing:
    """Asks the database and the pipeline's lists."""

    def __init__(self, store: Store, settings: Settings):
        self._store = store
        self._accounts = Accounts(settings)

    async def refuse(self, voice: str, server: str = NO_SERVER) -> None:
        """Raises `NotAllowed` if `voice`, which may be a blend, may not speak on `server`."""
        if sentence := (await self._objections([voice], server))[voice]:
            raise NotAllowed(sentence)

    async def may_speak(self, voice: str, server: str = NO_SERVER) -> bool:
        """Returns True if `voice` may speak on `server`."""
        return not (await self._objections([voice], server))[voice]

    async def among(self, voices: Iterable[str], server: str = NO_SERVER) -> list[str]:
        """Those of `voices` that may speak on `server`, in the same order."""
        return [voice for voice, sentence in (await self._objections(voices, server)).items() if not sentence]

    async def tell_pipeline(self) -> None:
        """Let the command line and the trainings know who has opted out: they do not read the database."""
        opted_out = await self._store.consent.opted_out_voices()
        joined = {member.voice for member in await self._store.members.all()}
        await asyncio.to_thread(self._note, opted_out, joined)

    def _note(self, opted_out: Iterable[str], joined: set[str]) -> None:
        self._accounts.unwilling.note_opted_out({name: self._accounts_of(name, joined) for name in opted_out})

    async def _objections(self, voices: Iterable[str], server: str) -> dict[str, str]:
        opted_out = await self._store.consent.opted_out_voices()
        buried = await self._store.consent.all_buried()
        members = {member.voice: member for member in await self._store.members.all()}
        return await asyncio.to_thread(self._judged, list(voices), server, opted_out, buried, members)

    def _judged(
        self,
        voices: list[str],
        server: str,
        opted_out: frozenset[str],
        buried: frozenset[str],
        members: Mapping[str, Member],
    ) -> dict[str, str]:
        stones = self._accounts.unwilling.tombstones()
        accounts = [self._accounts_of(name, set(members)) for name in opted_out]
        accounts += [stone.accounts for stone in stones.values()]
        consents = Consents(opted_out | buried | set(stones), frozenset[str]().union(*accounts), members)
        return {voice: consents.objection(voice, server, self._accounts) for voice in voices}

    def _accounts_of(self, name: str, joined: set[str]) -> frozenset[str]:
        """The accounts behind `name`. What somebody is called on Discord is nobody's handle at X."""
        return frozenset({account_key(Account(name, site=MEMBER))}) if name in joined else self._accounts.of(name)

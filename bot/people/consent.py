"""What people decide about themselves: opt-outs, claims of voices, a copy of their data, and being forgotten.

Knows the database and what the pipeline keeps. Does not know platforms, or who may decide about claims.
"""

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.core.servers import NO_SERVER
from bot.people.leftovers import Leftovers
from bot.people.willing import Willing
from bot.store import Store, utc_now
from bot.store.jobs import Job
from bot.store.people.consent import Link
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import NotNow, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import JSON
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import MEMBER
from huggingtweets.workflow.forgetting import affected, forget

log = logging.getLogger(__name__)

WAIT_SECONDS = 30.0  # for a training to end whose voice is to be deleted
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Gone:
    """What was deleted: voices, and how many rows of the database."""

    voices: tuple[VoiceName, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """The voices that an admin has deleted. They are `learnable` again unless one of their people has opted out."""

    voices: tuple[VoiceName, ...]
    learnable: bool


@dataclass(frozen=True, slots=True)
class Back:
    """What became of somebody's wish to be imitated again.

    `opted_out` is True if there was an opt-out, which is gone now. The voices in `learnable` were forgotten and may be
    learned again. Those in `silent` still may not speak, because of what somebody else has said.
    """

    opted_out: bool
    learnable: tuple[VoiceName, ...]
    silent: tuple[VoiceName, ...]


class Consenting:
    """What people decide about themselves. `unload` is called with each voice that was deleted."""

    def __init__(
        self,
        *,
        store: Store,
        settings: Settings,
        willing: Willing | None = None,
        unload: Callable[[str], None] | None = None,
    ):
        self._store = store
        self._settings = settings
        self._tweets = TweetStore(settings.tweets)
        self._leftovers = Leftovers(settings)
        self._unload = unload
        self.willing = willing or Willing(store, settings)

    async def opt_out(self, person: str) -> bool:
        """Never imitate `person` nor play with their tweets, on any server. Returns True if that is new."""
        new = await self._store.consent.opt_out(person, "imitation")
        if new:
            await self._store.audit.add(person, "consent.opt_out", person)
        await self.willing.tell_pipeline()
        return new

    async def opt_in(self, person: str) -> Back:
        """Allow `person` to be imitated and learned again, also after they were forgotten.

        A tombstone is lifted if the voice is theirs: it was when they asked to be forgotten, or an admin has confirmed
        it since then.
        """
        had_opted_out = await self._store.consent.opt_in(person, "imitation")
        learnable = [await self.remember(voice, by=person) for voice in await self._forgotten_of(person)]
        await self._store.consent.unbury(person)
        if had_opted_out:
            await self._store.audit.add(person, "consent.opt_in", person)
        await self.willing.tell_pipeline()
        voices = await self.voices_of(person)
        silent = set(voices) - set(await self.willing.among(voices, await self._home_of(person)))
        return Back(had_opted_out, tuple(sorted(set[VoiceName]().union(*learnable))), tuple(sorted(silent)))

    async def opted_out(self, person: str) -> bool:
        return await self._store.consent.opted_out(person, "imitation")

    async def claim(self, server: str, person: str, voice: VoiceName) -> None:
        """`person` says that `voice` is theirs. It counts once an admin has confirmed it."""
        link = await self._store.consent.link(server, person)
        if link and link.state == "confirmed" and link.voice == voice:
            raise Usage(Phrase("{voice} is yours already.", voice=voice))
        await self._store.consent.claim(server, person, voice)
        await self._store.audit.add(person, "consent.claim", voice, server=server)

    async def announce(self, server: str, person: str, voice: VoiceName, said: Phrase, place: str = "") -> None:
        """Tell the admins of a claim, or whoever is at `place`. The same claim is told once a day at most."""
        await self._store.notices.add(f"claim:{server}:{person}:{voice}:{utc_now():%Y-%m-%d}", said, place)

    async def decide(self, server: str, person: str, voice: VoiceName, *, by: str, confirmed: bool) -> bool:
        """An admin confirms or refuses a claim. Returns True if there was such a claim."""
        link = await self._store.consent.link(server, person)
        if not link or link.state != "pending" or link.voice != voice:
            return False
        if confirmed:
            changed = await self._store.consent.confirm(server, person, voice, by)
        else:
            changed = await self._store.consent.unlink(server, person)
        await self._store.audit.add(by, "consent.confirm" if confirmed else "consent.refuse", voice, server=server)
        await self.willing.tell_pipeline()
        return changed

    async def tell_claimant(self, server: str, person: str, voice: VoiceName, *, confirmed: bool) -> None:
        """Tell somebody what became of their claim, where they wrote it."""
        network, _, number = person.partition(":")
        key = f"claim:{server}:{person}:{voice}:decided:{utc_now().isoformat()}"
        text = told_of_claim(voice, confirmed=confirmed)
        await self._store.notices.add(key, text, f"{network}:user:{number}")

    async def link(self, server: str, person: str) -> Link | None:
        """A member's claim or link, if there is one."""
        return await self._store.consent.link(server, person)

    async def unlink(self, server: str, person: str) -> bool:
        """End a claim or link. Returns True if there was one."""
        ended = await self._store.consent.unlink(server, person)
        await self.willing.tell_pipeline()
        return ended

    async def voice_of(self, server: str, person: str) -> VoiceName:
        """The voice of a member: the one they have linked, or the one that was learned from their messages here.

        Raises `Usage` if there is none.
        """
        link = await self._store.consent.link(server, person)
        if link and link.state == "confirmed":
            return link.voice
        if member := await self._store.members.get(server, person):
            return member.voice
        raise Usage(
            Phrase("I know no voice of theirs; they can claim theirs with /link, or let me learn it with /join.")
        )

    async def voices_of(self, person: str) -> list[VoiceName]:
        """All voices of `person`: those of confirmed links, and those learned from their messages, on any server."""
        linked = [link.voice for link in await self._links(person)]
        about = await self._store.forgetting.about(person)
        return sorted({*linked, *(VoiceName(row["voice"]) for row in about.get("members", ()))})

    async def going_with(self, person: str) -> list[VoiceName]:
        """Every voice that `forget` deletes: theirs, those learned from the same accounts, and those they share."""
        deletions = [await self._affected(voice) for voice in await self.voices_of(person)]
        return sorted(set[VoiceName]().union(*deletions))

    async def forget(self, person: str) -> Gone:
        """Delete all that is kept of `person`: messages, answers, votes, and their voices with tweets and models.

        Raises `Unavailable` if one of their trainings does not end in time. A second call deletes what is left then.
        """
        voices = await self.voices_of(person)
        gone: dict[VoiceName, None] = {}
        rows = 0
        for voice in voices:
            names = await self._affected(voice)
            rows += await self.forget_voice(voice, by=person)
            gone |= dict.fromkeys(names)
        # A training that they asked for is theirs whatever the voice is called, and so are the files that came with it.
        for job in await self._store.jobs.active():
            if job.person == person and job.state == "waiting":
                await self._cancel(job)
        rows += await self._store.forgetting.person(person, person)
        await self._store.audit.add(person, "consent.forget", person, voices=len(gone))
        return Gone(tuple(gone), rows)

    async def forget_stranger(self, account: str, by: str) -> int:
        """Delete what is kept of an account of another network, because its person asks for that. They get no answer
        there any more. Returns how many rows there were.
        """
        rows = await self._store.forgetting.person(account, account)
        await self._store.audit.add(by, "consent.forget_account", by, rows=rows)
        return rows

    async def forget_voice(self, voice: VoiceName, *, by: str) -> int:
        """Delete a voice, all others of the same person, and those that this person shares with others.

        Tweets, models and rows go. Returns the number of rows.
        """
        voices = await self._affected(voice)
        names = {voice, *(other for other in voices if other.is_of_one)}
        for name in sorted(names, key=voices.index):
            await self._store.consent.bury(name, by)  # first, so that what a kill leaves cannot be used
        await self._end_trainings(names)
        await asyncio.to_thread(forget, voice, self._settings, site=await self._site_of(voice))
        for deleted in voices:
            if self._unload:
                self._unload(deleted)
        log.info("a voice was forgotten")
        # The rows of the voice itself go last. They say whose it is, so the person can ask again after a kill.
        others_first = sorted(voices, key=lambda other: other == voice)
        return sum([await self._store.forgetting.voice(other, by) for other in others_first])

    async def deleted_with(self, voice: VoiceName) -> list[VoiceName]:
        """The voices that are deleted with `voice`, itself among them. Empty if there is no such voice."""
        voices = set(await asyncio.to_thread(Registry(self._settings.storage.models).all_names))
        return sorted(voices & set(await self._affected(voice))) if voice in voices else []

    async def delete_voice(self, voice: VoiceName, *, by: str) -> Deleted:
        """An admin deletes a voice. As much goes as when it is forgotten, but it may be learned again.

        Whose voice it is stays on record, and who has opted out is not learned again. Raises `Usage` if there is no
        such voice: it may have been forgotten, and then the promise to its person is kept.
        """
        voices = await self.deleted_with(voice)
        if not voices:
            raise Usage(Phrase("There is no voice called {voice} any more.", voice=voice))
        links = [link for name in voices for link in await self._store.consent.links_of(voice=name)]
        learnable = not await self.willing.have_opted_out(voices)
        await self.forget_voice(voice, by=by)
        await self._store.consent.link_again(links)
        if learnable:
            await self.remember(voice, by=by)
        await self._store.audit.add(by, "voice.delete", by, voices=len(voices))
        return Deleted(tuple(voices), learnable)

    async def remember(self, name: str, *, by: str) -> list[VoiceName]:
        """Lift the tombstones of `name` and of the same account, because the person wants to be learned again.

        Returns the names that may be learned again.
        """
        lifted = await asyncio.to_thread(self._tweets.lift, name)
        names = [VoiceName(one) for one in {name, *lifted} if await self._store.consent.unbury(one) or one in lifted]
        if names:
            await self._store.audit.add(by, "consent.remember", name)
        return names

    async def data_of(self, person: str) -> bytes:
        """A zip of everything that is kept of `person`: rows as JSON, and the tweets of their accounts."""
        rows = await self._store.forgetting.about(person)
        lines: dict[str, list[JSON]] = {}
        for voice in await self.going_with(person):
            # A voice of several people has no tweets of its own.
            if tweets := await asyncio.to_thread(self._tweets.tweets, voice):
                lines[voice] = [tweet.as_json() for tweet in tweets]
        return await asyncio.to_thread(_zipped, rows, lines)

    async def _links(self, person: str) -> list[Link]:
        return [link for link in await self._store.consent.links_of(person=person) if link.state == "confirmed"]

    async def _forgotten_of(self, person: str) -> list[str]:
        """Voices that were forgotten and that this person may bring back."""
        linked = [link.voice for link in await self._links(person)]
        buried = {*await self._store.consent.buried(*linked), *await self._store.consent.buried_by(person)}
        buried |= {voice for voice in linked if await asyncio.to_thread(self._tweets.forgotten_as, voice)}
        return sorted(buried - {person})

    async def _home_of(self, person: str) -> str:
        """A server on which the voice that was learned from their messages is heard."""
        about = await self._store.forgetting.about(person)
        return next((str(row["server"]) for row in about.get("members", ())), NO_SERVER)

    async def _affected(self, name: VoiceName) -> list[VoiceName]:
        return await asyncio.to_thread(affected, name, self._settings, await self._site_of(name))

    async def _site_of(self, name: str) -> str:
        """The site on which the name is a handle. A voice that was learned from a member's messages is on none."""
        return MEMBER if await self._store.members.of_voice(name) else ""

    async def _cancel(self, job: Job) -> None:
        """End a waiting job and delete what it brought, or ask a running one to end."""
        cancelled = await self._store.jobs.cancel(job.id)
        if cancelled and cancelled.ended:
            await self._leftovers.clear(cancelled)
            await self._leftovers.release(cancelled)

    async def _end_trainings(self, names: Collection[str]) -> None:
        """End the trainings of everybody in `names`, also of voices that they share with others."""
        for job in await self._store.jobs.active():
            if not job.name.people.isdisjoint(names):
                await self._end(job)

    async def _end(self, job: Job) -> None:
        await self._cancel(job)
        for _ in range(round(WAIT_SECONDS / POLL_SECONDS)):
            now = await self._store.jobs.get(job.id)
            if now is None or now.ended:
                return
            await asyncio.sleep(POLL_SECONDS)
        raise NotNow(Phrase("{name} is being trained and that does not end; try again in a minute.", name=job.name))


def _zipped(rows: object, tweets: dict[str, list[JSON]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kept.json", json.dumps(rows, ensure_ascii=False, indent=1))
        for voice, lines in tweets.items():
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            archive.writestr(f"tweets/{voice}.jsonl", text)
    return buffer.getvalue()


def told_of_claim(voice: VoiceName, *, confirmed: bool, server: str = "") -> Phrase:
    """What somebody is told when an admin, of the `server` of this name, has decided about their claim."""
    match confirmed, server:
        case True, "":
            return Phrase("An admin confirmed that the voice {voice} is yours.", voice=voice)
        case True, _:
            return Phrase("An admin on {server} confirmed that the voice {voice} is yours.", server=server, voice=voice)
        case False, "":
            return Phrase("An admin did not confirm that the voice {voice} is yours.", voice=voice)
        case _:
            return Phrase(
                "An admin on {server} did not confirm that the voice {voice} is yours.", server=server, voice=voice
            )

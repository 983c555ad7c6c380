"""The bot learns from what members write, if they joined and an admin allows it in that channel.

Edits and deletions are followed. An edit reaches the database at once, and the tweets of the voice before it is learned
again. A deletion reaches both at once.

Knows members, messages and the tweets of voices. Does not know platforms.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.people.consent import Consenting
from bot.store import Store
from bot.store.people.members import Member
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName, parse_handle
from huggingtweets.core.records import Account, Collected, Said, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import MEMBER, account_key
from huggingtweets.tweets.learned.contexts import names_in, without_people
from huggingtweets.tweets.texts import words

CHANNELS = "learning_channels"  # a setting of the server: the channels in which the bot may learn
MAX_HANDLE = 30
MIN_WORDS = 2
_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_ID = re.compile(r"<(@[!&]?|#|/[^:>]+:|t:|id:)[^>]*>")
_ODD = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class HeardMessage:
    """A message of a member. `places` are its channel and everything above that.

    `reply_to` is the message that it answers, or the one before it in its channel.
    """

    message: str
    server: str
    places: tuple[str, ...]
    person: str
    text: str
    written_at: datetime
    reply_to: str = ""


class Listening:
    """Members who have joined, and what they have written since."""

    def __init__(self, *, store: Store, registry: Registry, tweets: TweetStore, consenting: Consenting):
        self._store = store
        self._registry = registry
        self._tweets = tweets
        self._consenting = consenting

    async def join(self, server: str, person: str, name: str, *, everywhere: bool = False) -> VoiceName:
        """`person` lets the bot learn from what they write on `server`. Returns the name of their voice.

        Whoever has joined already only changes where their voice is heard. Raises `Usage` if that changes nothing.
        """
        member = await self._store.members.get(server, person)
        if member and member.everywhere == everywhere:
            raise Usage(Phrase("You have joined already; your voice is called {voice}.", voice=member.voice))
        voice = member.voice if member else await self._free_voice(name, person)
        if not member:
            await self._consenting.remember(voice, by=person)
            await self._consenting.remember(person, by=person)
        await self._store.members.join(server, person, voice, everywhere=everywhere)
        await self._store.audit.add(person, "member.join", voice, server=server, everywhere=everywhere)
        return voice

    async def about_to_leave(self, server: str, person: str) -> tuple[VoiceName, int]:
        """The voice of a member, and how many of their messages are stored. Raises `Usage` if they have not joined."""
        member = await self._store.members.get(server, person)
        if not member:
            raise Usage(Phrase("You have not joined, so there is nothing to leave."))
        return member.voice, len(await self._store.members.messages(person, server))

    async def leave(self, server: str, person: str) -> int:
        """Delete the messages of a member on this server, and the voice that was learned from them.

        Returns the number of messages.
        """
        voice, _ = await self.about_to_leave(server, person)
        count = await self._store.members.forget_messages(server, person)
        # The membership is deleted last, so a member can leave again if the process dies before that.
        await self._consenting.forget_voice(voice, by=person)
        await self._store.audit.add(person, "member.leave", server=server)
        return count

    async def allow(self, server: str, place: str, *, allowed: bool, by: str) -> None:
        """Allow or forbid learning in a channel."""
        places = set(await self._store.settings.get(server, CHANNELS) or ())
        changed = places | {place} if allowed else places - {place}
        await self._store.settings.put(server, CHANNELS, sorted(changed), by)
        await self._store.audit.add(by, "learning.allow" if allowed else "learning.deny", place, server=server)

    async def heard(self, message: HeardMessage) -> bool:
        """Store a message if its author has joined and an admin allows learning there. Returns True if it did.

        Nothing more is stored of a member while they have opted out.
        """
        row = learnable(message)
        if not row or not await self._store.members.get(message.server, message.person):
            return False
        if await self.has_opted_out(message.person) or not await self.is_allowed(message.server, message.places):
            return False
        return await self._store.members.wrote(**row)

    async def has_opted_out(self, person: str) -> bool:
        """Returns True if `person` wants to be imitated nowhere."""
        return await self._consenting.opted_out(person)

    async def is_allowed(self, server: str, places: Sequence[str]) -> bool:
        """Returns True if an admin allows learning in one of `places`: a channel, or what it is in."""
        allowed = set(await self._store.settings.get(server, CHANNELS) or ())
        return not allowed.isdisjoint(places)

    async def edited(self, message: str, text: str) -> None:
        """A message was edited and says `text` now."""
        await self._store.members.edited(message, _without_ids(text))

    async def deleted(self, *messages: str) -> None:
        """Messages were deleted where they were written."""
        if await self._store.members.deleted(*messages):
            for voice in await self._store.members.voices():
                await asyncio.to_thread(self._tweets.drop, voice, messages)

    async def channel_deleted(self, channel: str) -> None:
        """A channel or thread was deleted, with all that was written in it."""
        if messages := await self._store.members.in_channel(channel):
            await self.deleted(*messages)

    async def collect(self, voice: str) -> bool:
        """Make what its member has written the tweets of `voice`. Returns False if it is no member's voice."""
        members = await self._store.members.of_voice(voice)
        if not members:
            return False
        tweets = [tweet for member in members for tweet in await self._tweets_of(member)]
        await asyncio.to_thread(self._replace, voice, tweets)
        return True

    async def _tweets_of(self, member: Member) -> list[Tweet]:
        """What a member wrote on their server, with the messages of other members that they answered.

        The names of all who have joined there are taken out of these.
        """
        handles = [f"@{one.voice}" for one in await self._store.members.all() if one.server == member.server]
        names = names_in(handles)
        said = {
            one.message: Said(without_people(one.text, names), account_key(Account(other.voice, site=MEMBER)))
            for one in await self._store.members.answered_by(member.person, member.server)
            if (other := await self._store.members.get(member.server, one.person))
        }
        return [
            Tweet(
                id=one.message,
                text=one.text,
                created_at=one.written_at,
                reply_to=one.reply_to,
                said=said.get(one.reply_to),
            )
            for one in await self._store.members.messages(member.person, member.server)
        ]

    def _replace(self, voice: str, tweets: list[Tweet]) -> None:
        new = {tweet.id: tweet for tweet in tweets}
        before = self._tweets.tweets(voice)
        # What others said and deleted goes, too. The tweet itself comes back with the merge.
        deleted = {tweet.id for tweet in before if tweet.id not in new or (tweet.said and not new[tweet.id].said)}
        if deleted:
            self._tweets.drop(voice, deleted)
        if tweets:
            self._tweets.merge(voice, Collected(Account(voice, site=MEMBER), tuple(tweets)))

    async def _free_voice(self, name: str, person: str) -> VoiceName:
        """`name` as a handle that belongs to nobody else and never did. Only its owner lifts a tombstone."""
        handle = parse_handle(_ODD.sub("_", name.lower())[:MAX_HANDLE] or "member")
        taken: set[str] = {*await asyncio.to_thread(self._registry.all_names), *await self._store.members.voices()}
        taken |= await asyncio.to_thread(self._tweets.all_names)
        taken |= await self._consenting.willing.unwanted()
        taken -= set(await self._store.consent.buried_by(person))
        for number in range(1, 1_000):
            candidate = handle if number == 1 else VoiceName(f"{handle[: MAX_HANDLE - 4]}_{number}")
            if candidate not in taken:
                return candidate
        raise Usage(
            Phrase(
                "There are very many voices called {handle}; change your name on this server and try again.",
                handle=handle,
            )
        )


def learnable(message: HeardMessage) -> dict[str, Any] | None:
    """What is kept of `message`, or None if it says too little to learn from."""
    text = _without_ids(message.text)
    if words.count(text) < MIN_WORDS:
        return None
    return {
        "message": message.message,
        "server": message.server,
        "channel": message.places[0],
        "person": message.person,
        "text": text,
        "written_at": message.written_at,
        "reply_to": message.reply_to,
    }


def _without_ids(text: str) -> str:
    """`text` without mentions of people, channels and times. They are ids, and no part of anybody's style."""
    return " ".join(_ID.sub("", _EMOJI.sub(r"\1", text)).split())

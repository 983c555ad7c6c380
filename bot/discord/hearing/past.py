"""Reads what members wrote before they joined, page by page, and shows how far it is.

One member is read at a time, with a pause between pages, so that the bot stays far from Discord's limits. discord.py
waits where Discord says so. A reading goes on after a restart. For fifteen minutes an answer to the click shows how far
it is. The end is told there, or else in a direct message.

Knows Discord's channels and messages. Does not know what is kept of them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord

from bot.core.errors import BotError
from bot.discord.asking.answering import person
from bot.discord.asking.gate import channel_id, message_id, places, server_id
from bot.discord.asking.once import IN_DOUBT, NOBODY, Interaction, new_nonce, repeated, send
from bot.discord.hearing.members import ANSWERED_WITHIN
from bot.discord.look.rendering import sentence
from bot.discord.look.translating import ENGLISH, of_answer
from bot.people.listening import HeardMessage
from bot.people.past import Page, PastMessages
from bot.store import Store
from bot.store.people.past_readings import PastReading
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

A_PAGE = 100  # as many as Discord gives at once
SECONDS_BETWEEN_PAGES = 1.0
SECONDS_TO_RETRY = 30.0
MAX_RETRIES = 20
MAX_ARCHIVED = 100  # closed threads of a channel that are read
READING = partial(Phrase, "I read what you wrote before: {progress}.")
READ = partial(Phrase, "I have read what you wrote before: {progress}. An admin teaches your voice with /retrain.")
ORDINARY = (discord.MessageType.default, discord.MessageType.reply)

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class PastReader:
    """The readings under way."""

    def __init__(self, client: discord.Client, past: PastMessages, store: Store):
        self._client = client
        self._past = past
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def begin(self, interaction: Interaction, allowed: Sequence[str]) -> None:
        """Begin to read the member who clicked, in the channels in which learning is allowed, and in their threads.

        It is told in an answer. Raises `Usage` if that cannot be.
        """
        assert interaction.guild
        server, member = server_id(interaction.guild.id), person(interaction.user)
        channels = [channel_id(one.id) async for one in _with_threads(interaction.guild, allowed)]
        progress = await self._past.begin(server, member, channels, message_id(interaction.id))
        text = sentence(READING(progress=progress.in_words), of_answer(interaction, private=True))
        told: _Told | None = None
        try:
            told = _Told(interaction, await send(interaction, private=True, content=text))
        except (discord.HTTPException, *IN_DOUBT) as error:
            # It is promised already, so it begins all the same, and its end is told in a direct message.
            log.info("it is not shown that a reading begins: %s", type(error).__name__)
        self._start(server, member, told)

    async def take_up(self) -> None:
        """Go on with the readings of a process before this one."""
        for server, member in await self._store.past_readings.members():
            self._start(server, member)

    def stop(self) -> None:
        """Read no more. The next start takes the readings up."""
        for task in self._tasks.values():
            task.cancel()

    def _start(self, server: str, member: str, told: "_Told | None" = None) -> None:
        key = server, member
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._read(server, member, told), name="past messages")
            self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _read(self, server: str, member: str, told: "_Told | None") -> None:
        await self._client.wait_until_ready()
        for attempt in range(MAX_RETRIES):
            try:
                async with self._one_at_a_time:
                    for reading in await self._past.left(server, member):
                        await self._channel(reading, told)
                await self._tell_end(server, member, told)
                return
            except (BotError, PipelineError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.info("the reading of a member waits (%d): %s", attempt, type(error).__name__)
            await asyncio.sleep(SECONDS_TO_RETRY)
        log.warning("the reading of a member is given up until the next start")

    async def _channel(self, reading: PastReading, told: "_Told | None") -> None:
        try:
            channel = await self._client.fetch_channel(_number(reading.channel))
        except (discord.NotFound, discord.Forbidden, discord.InvalidData):
            channel = None
        if not isinstance(channel, Readable):
            await self._past.skip(reading)
            return
        read_to = reading.read_to
        while True:
            try:
                page = await _page(channel, read_to, reading.server)
            except (discord.Forbidden, discord.NotFound):
                await self._past.skip(reading)
                return
            if not await self._past.take(reading, page):
                return
            read_to = page.read_to
            if told:
                progress = await self._past.progress(reading.server, reading.person)
                await told.show(READING(progress=progress.in_words))
            await asyncio.sleep(SECONDS_BETWEEN_PAGES)

    async def _tell_end(self, server: str, member: str, told: "_Told | None") -> None:
        progress = await self._past.progress(server, member)
        if not progress.channels:
            return  # they have left meanwhile
        text = READ(progress=progress.in_words)
        if not (told and await told.show(text)):
            try:
                user = await self._client.fetch_user(_number(member))
                await user.send(sentence(text, ENGLISH), allowed_mentions=NOBODY, nonce=new_nonce())
            except (discord.Forbidden, discord.NotFound):
                log.info("a member cannot be told that they have been read")
        await self._past.end(server, member)


@dataclass(frozen=True, slots=True)
class _Told:
    """The answer that shows a member how far the reading is."""

    interaction: Interaction
    message: discord.Message

    async def show(self, text: Phrase) -> bool:
        """Show `text` in it. Returns False if that is not possible any more."""
        if self.interaction.is_expired():
            return False
        content = sentence(text, of_answer(self.interaction, private=True))
        try:
            await repeated(lambda: self.message.edit(content=content, allowed_mentions=NOBODY))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("how far a reading is, is not shown: %s", type(error).__name__)
            return False
        return True


async def _with_threads(guild: discord.Guild, allowed: Sequence[str]) -> AsyncIterator[Readable | discord.ForumChannel]:
    """The allowed channels in which there are messages, and their threads."""
    numbers = {_number(one) for one in allowed}
    for channel in (*guild.channels, *guild.threads):
        if channel.id not in numbers:
            continue
        if isinstance(channel, Readable):
            yield channel
        if isinstance(channel, discord.TextChannel | discord.ForumChannel):
            for thread in channel.threads:
                yield thread
            try:
                async for archived in channel.archived_threads(limit=MAX_ARCHIVED):
                    yield archived
            except (discord.Forbidden, discord.NotFound):
                log.info("the closed threads of a channel cannot be read, or it was deleted meanwhile")


async def _page(channel: Readable, read_to: str, server: str) -> Page:
    """The messages before `read_to`, the newest first, each with the one that it answers.

    The oldest is read again with the next page, because only then the message before it is known.
    """
    before = discord.Object(_number(read_to))
    messages = [one async for one in channel.history(limit=A_PAGE, before=before)]
    last = len(messages) < A_PAGE
    older = [*messages[1:], None]
    heard = [_heard(message, earlier, channel, server) for message, earlier in zip(messages, older, strict=True)]
    if last:
        return Page(places(channel), heard, read_to, last=True)
    return Page(places(channel), heard[:-1], heard[-2].message, last=False)


def _heard(message: discord.Message, earlier: discord.Message | None, channel: Readable, server: str) -> HeardMessage:
    reply_to = 0
    if message.reference:
        reply_to = message.reference.message_id or 0
    elif earlier and message.created_at - earlier.created_at <= ANSWERED_WITHIN:
        reply_to = earlier.id
    is_a_persons = message.type in ORDINARY and not message.author.bot and not message.webhook_id
    return HeardMessage(
        message=message_id(message.id),
        server=server,
        places=places(channel),
        person=person(message.author) if is_a_persons else "",
        text=message.content,
        written_at=message.created_at,
        reply_to=message_id(reply_to) if reply_to else "",
    )


def _number(name: str) -> int:
    return int(name.rpartition(":")[2])

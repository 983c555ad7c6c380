"""What the bot says by itself after messages of people, where an admin has switched that on.

It needs no Message Content Intent: that somebody has written is enough. With the intent, it answers what they wrote.

Knows messages. Does not know when something may be said, or how it gets into the channel.
"""

import logging
from collections.abc import Collection

import discord

from bot.core.errors import BotError, CannotSpeak
from bot.discord.asking.answering import person
from bot.discord.asking.asks import Asks
from bot.discord.asking.channel_settings import voice_of_place
from bot.discord.asking.gate import Gate, channel_id, message_id, places, server_id
from bot.discord.asking.parts import Parts
from bot.discord.hearing.mentions import call_of
from bot.discord.hearing.said import Near, replied_to, said_in
from bot.discord.speaking.stage import Stage
from bot.store.voices.remarks import Remark
from huggingtweets.core.errors import PipelineError
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)


class DiscordChatter:
    """Follows what is written, and sometimes says something."""

    def __init__(self, parts: Parts, *, gate: Gate, stage: Stage, asks: Asks, near: Near, webhooks: Collection[int]):
        self._webhooks = webhooks
        self._parts = parts
        self._chattering = parts.chattering
        self._gate = gate
        self._stage = stage
        self._asks = asks
        self._near = near

    def seen(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Note who wrote last. This comes before `message` is answered, which takes a while."""
        if message.author.id == me.id or message.webhook_id in self._webhooks:
            self._chattering.last_word.of_bot(message.channel.id, message.id)
        elif is_a_persons(message):
            self._chattering.last_word.of_person(message.channel.id, message.id)

    async def heard(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Say something after `message`, if a person wrote it and the rules let the bot speak now."""
        if not self._chattering.is_on(channel_id(message.channel.id)):
            return
        if not is_a_persons(message) or call_of(message, me, self._webhooks) is not None:
            return
        try:
            await self._perhaps(message)
        except (BotError, PipelineError) as error:
            # Nobody asked for anything, so nobody is told.
            log.info("nothing is said after message %s: %s", message.id, type(error).__name__)

    async def _perhaps(self, message: discord.Message) -> None:
        assert message.guild
        channel, server = channel_id(message.channel.id), server_id(message.guild.id)
        voice = await voice_of_place(self._parts.store.settings, places(message.channel))
        if not voice or not self._asks.begin(message.id):
            return
        self._asks.refuse_when_stopping()
        await self._gate.admit(message.guild.id, message.channel, message.author)
        await self._stage.place(channel)
        remark = await self._chattering.claim(message_id(message.id), server=server, channel=channel, voice=voice)
        if remark:
            await self._say(remark, message)

    async def _say(self, remark: Remark, message: discord.Message) -> None:
        remarks = self._parts.store.remarks
        try:
            tweets = await self._stage.draw(remark, await self._heard(message))
        except (BotError, PipelineError) as error:
            await remarks.move(remark.id, "waiting", "failed", error=type(error).__name__)
            raise
        # Drawing takes a while. Meanwhile the bot may have answered somebody, or been switched off here.
        if self._chattering.last_word.is_own(message.channel.id) or not await self._chattering.still_wanted(remark):
            await remarks.move(remark.id, "waiting", "failed", error="not wanted any more")
        elif await remarks.move(remark.id, "waiting", "sending", text=tweets.texts[0], version=tweets.version):
            await self._send(remark, tweets)

    async def _heard(self, message: discord.Message) -> str:
        """Returns what `message` says, after what it replies to. It is read to be answered, and not kept.

        Nothing is read of who has opted out.
        """
        opted_out, before = self._parts.consenting.opted_out, replied_to(message)
        if await opted_out(person(message.author)):
            return ""
        is_read = before and not await opted_out(person(before.author))
        return said_in([before, message] if before and is_read else [message], self._near)

    async def _send(self, remark: Remark, tweets: Tweets) -> None:
        remarks = self._parts.store.remarks
        try:
            sent = await self._stage.send(remark, tweets)
        except CannotSpeak as error:
            await remarks.move(remark.id, "sending", "failed", error=str(error))
            raise
        if sent:
            await remarks.move(remark.id, "sending", "sent", message=sent)


def is_a_persons(message: discord.Message) -> bool:
    """Returns True for an ordinary message of a person on a server: not of a bot, a webhook or Discord itself."""
    ordinary = message.type in (discord.MessageType.default, discord.MessageType.reply)
    return bool(ordinary and message.guild and not message.author.bot and not message.webhook_id)

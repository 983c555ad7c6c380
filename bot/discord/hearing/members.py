"""Passes on what members who said /join write, edit and delete. Nobody else's messages are kept.

Knows Discord's events. Does not know who has joined, or what is kept.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

import discord

from bot.discord.asking.answering import person
from bot.discord.asking.gate import channel_id, message_id, places, server_id
from bot.people.listening import HeardMessage, Listening
from bot.people.past import PastMessages
from huggingtweets.core.errors import PipelineError

log = logging.getLogger(__name__)

REMEMBERED = 10_000  # channels, of each the last message
ANSWERED_WITHIN = timedelta(minutes=5)  # a message that comes later does not answer the one before it


class MemberMessages:
    """Passes messages on. If the database cannot take one, it is lost, and the log says so without its words."""

    def __init__(self, listening: Listening, past: PastMessages):
        self._listening = listening
        self._past = past
        self._last: OrderedDict[int, tuple[int, datetime]] = OrderedDict()

    async def written(self, message: discord.Message) -> None:
        """Pass on a new message of a person on a server."""
        reply_to = self._answered_by(message)
        ordinary = message.type in (discord.MessageType.default, discord.MessageType.reply)
        if not ordinary or message.author.bot or message.webhook_id or not message.guild:
            return
        if self._past.was_deleted(message_id(message.id)):
            return  # the gateway has sent it again
        heard = HeardMessage(
            message=message_id(message.id),
            server=server_id(message.guild.id),
            places=places(message.channel),
            person=person(message.author),
            text=message.content,
            written_at=message.created_at,
            reply_to=message_id(reply_to) if reply_to else "",
        )
        try:
            await self._listening.heard(heard)
        except PipelineError as error:
            log.warning("message %s of a member is not kept: %s", message.id, error)

    def _answered_by(self, message: discord.Message) -> int:
        """Returns the id of what `message` answers: what it replies to, or else the message before it, or 0.

        Only ids are remembered. What another person wrote is known only if they have joined as well.
        """
        channel = message.channel.id
        before, at = self._last.get(channel, (0, message.created_at))
        self._last[channel] = message.id, message.created_at
        self._last.move_to_end(channel)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        if message.reference:
            return message.reference.message_id or 0
        return before if message.created_at - at <= ANSWERED_WITHIN else 0

    async def edited(self, message: int, text: str) -> None:
        self._past.changed([message_id(message)], text)
        try:
            await self._listening.edited(message_id(message), text)
        except PipelineError as error:
            log.warning("the edit of message %s is not kept: %s", message, error)

    async def deleted(self, messages: Iterable[int]) -> None:
        names = [message_id(message) for message in messages]
        self._past.changed(names)
        try:
            await self._listening.deleted(*names)
        except PipelineError:
            log.exception("deleted messages could not be deleted here")

    async def channel_deleted(self, channel: int) -> None:
        try:
            await self._listening.channel_deleted(channel_id(channel))
        except PipelineError:
            log.exception("the messages of a deleted channel could not be deleted here")

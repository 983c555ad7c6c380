"""Messages that call the bot: `@bot nasa My dream is`, a direct message, or a reply to its tweets.

Discord sends the text of these without the privileged message-content intent, and of no others. A reply to an
interaction's answer comes without its text: there is no more to go on with than the voice.

Knows who is called and who is never answered. Does not know limits, models, or how a failure is told.
"""

import re
from dataclasses import dataclass

import discord

from bot.discord.answering import person, reply, reply_failure, typing
from bot.discord.asks import Asks
from bot.discord.rendering import how_to_ask, tweet_pages, voice_of
from bot.errors import NotAllowed
from bot.tweeting import Ask, Tweeting


@dataclass(frozen=True, slots=True)
class Call:
    """What a message wants: a tweet of `name`, or without a name to be told how to ask."""

    name: str = ""
    prompt: str = ""


def call_of(message: discord.Message, me: discord.abc.User) -> Call | None:
    """What `message` wants from `me`; None when nothing is, or when its author is never answered."""
    ordinary = message.type in (discord.MessageType.default, discord.MessageType.reply)
    if not ordinary or message.author.bot or message.webhook_id or message.mention_everyone:
        return None
    own_mention = re.compile(rf"\s*<@!?{me.id}>")
    text = _with_names(own_mention.sub("", message.content), message).strip()
    if voice := _voice_replied_to(message, me):
        return Call(voice, text)
    if not _is_direct(message) and not own_mention.match(message.content):
        # Named in the middle of a sentence is called, but it is no command.
        return Call() if own_mention.search(message.content) else None
    return Call(*text.split(maxsplit=1))


def _voice_replied_to(message: discord.Message, me: discord.abc.User) -> str | None:
    """The voice of our tweets that `message` replies to, if it calls us by that."""
    tweets = message.reference.resolved if message.reference else None
    if not isinstance(tweets, discord.Message) or tweets.author.id != me.id:
        return None
    # Who switches the ping off talks about us, not to us. In a reply to a command's answer Discord pings no bot
    # (discord-api-docs #5395), so there it cannot tell.
    pinged = any(user.id == me.id for user in message.mentions) or tweets.interaction_metadata
    return voice_of(tweets.embeds) if pinged or _is_direct(message) else None


def _is_direct(message: discord.Message) -> bool:
    return isinstance(message.channel, discord.DMChannel)


def _may_embed(message: discord.Message) -> bool:
    """Whether our embeds would be seen; Discord drops them silently where we may not."""
    if not isinstance(message.channel, discord.abc.GuildChannel) or not message.guild:
        return True  # a direct message, or a thread, whose parent may be unknown here
    return message.channel.permissions_for(message.guild.me).embed_links


def _with_names(text: str, message: discord.Message) -> str:
    """`text` with the names of people instead of their ids."""
    for user in message.mentions:
        for mention in (f"<@{user.id}>", f"<@!{user.id}>"):
            text = text.replace(mention, f"@{user.display_name}")
    return text


class Mentions:
    """Answers messages that call the bot, each one once."""

    def __init__(self, *, tweeting: Tweeting, asks: Asks):
        self._tweeting = tweeting
        self._asks = asks

    async def answer(self, message: discord.Message, me: discord.abc.User) -> None:
        """Reply to `message` if it calls `me`."""
        call = call_of(message, me)
        if call is None or not self._asks.begin(message.id):
            return
        try:
            self._asks.refuse_when_stopping()
            if call.name:
                await self._tweet(message, call)
            else:
                await reply(message, how_to_ask(me.name))
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            await reply_failure(message, error)

    async def _tweet(self, message: discord.Message, call: Call) -> None:
        if not _may_embed(message):
            raise NotAllowed('I lack the permission "Embed Links" in this channel, which my tweets need.')
        async with typing(message.channel):
            tweets = await self._tweeting.tweet_like(Ask(person(message.author), call.name, call.prompt))
        for embed in tweet_pages(tweets):
            await reply(message, embed=embed)

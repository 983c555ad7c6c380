"""Messages that call the bot: `@bot nasa My dream is`, a direct message, or a reply to its tweets.

Without the privileged message-content intent, Discord sends the text of these messages and of no others. A reply to the
answer of a command comes without its text, so only the voice is known then.

Knows which messages call the bot, who is never answered, and how long a chain of replies may be. Does not know limits,
models, or how a failure is told.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

import discord

from bot.core.errors import KeptOut, NotAllowed, TooOften
from bot.discord.asking.answering import person, reply, reply_failure, typing
from bot.discord.asking.asks import Asks
from bot.discord.asking.buttons import TweetButtons, whose_words
from bot.discord.asking.channel_settings import THREADS, voice_of_place
from bot.discord.asking.gate import message_id, places, server_id
from bot.discord.asking.naming import blend_named
from bot.discord.hearing.said import Near, as_said
from bot.discord.look.rendering import how_to_ask, parody_of, tweet_embeds, voice_of
from bot.discord.look.translating import of_message
from bot.people.limits import PUBLIC
from bot.voices.tweeting import Ask
from bot.voices.wish import Wish, is_for_help, understood
from huggingtweets.core.errors import Busy, Usage
from huggingtweets.core.people.names import NO_VOICE, BlendName
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

REMEMBERED = 10_000  # answers of ours; for each, how long its chain of replies is
MAX_THREAD_NAME = 100
SEND, EMBED = Phrase("Send Messages"), Phrase("Embed Links")


@dataclass(frozen=True, slots=True)
class Call:
    """What a message says to us; mentions of people stand in it as Discord writes them.

    If it is a reply, it goes on with our message `replied_to`, in the `voice` of that message.
    """

    text: str = ""
    voice: BlendName = NO_VOICE
    replied_to: int = 0


def call_of(message: discord.Message, me: discord.abc.User, webhooks: Collection[int] = ()) -> Call | None:
    """Returns what `message` wants from `me`, or None if it wants nothing or its author is never answered.

    `webhooks` are our own: we also write under the names of voices.
    """
    ordinary = message.type in (discord.MessageType.default, discord.MessageType.reply)
    if not ordinary or message.author.bot or message.webhook_id or message.mention_everyone:
        return None
    own_mention = re.compile(rf"\s*<@!?{me.id}>")
    text = own_mention.sub("", message.content).strip()
    voice = _voice_replied_to(message, me, webhooks)
    if voice is not None:
        assert message.reference
        return Call(text, voice, message.reference.message_id or 0)
    if not _is_direct(message) and not own_mention.match(message.content):
        # A mention in the middle of a sentence calls the bot, but gives no command.
        return Call() if own_mention.search(message.content) else None
    return Call(text)


def _voice_replied_to(message: discord.Message, me: discord.abc.User, webhooks: Collection[int]) -> BlendName | None:
    """Returns the voice of our tweets if `message` replies to them, and calls us by that."""
    tweets = message.reference.resolved if message.reference else None
    if not isinstance(tweets, discord.Message):
        return None
    if tweets.author.id != me.id and tweets.webhook_id not in webhooks:
        return None
    # People who switch the ping of a reply off talk about us, not to us. In a reply to the answer of a command Discord
    # pings no bot (discord-api-docs #5395), so such a reply always counts as a call.
    # Nor can a webhook be pinged.
    pinged = any(user.id == me.id for user in message.mentions) or tweets.interaction_metadata or tweets.webhook_id
    if not pinged and not _is_direct(message):
        return None
    # Without the Message Content Intent, Discord hides what a webhook wrote: the database knows whose voice it was.
    return voice_of(tweets.embeds) or (NO_VOICE if tweets.webhook_id in webhooks else None)


def _server(message: discord.Message) -> str:
    return server_id(message.guild.id if message.guild else None)


def _is_direct(message: discord.Message) -> bool:
    return isinstance(message.channel, discord.DMChannel)


def _refuse_where_it_cannot_be_seen(message: discord.Message) -> None:
    """Raises `NotAllowed`, or `KeptOut` if we could not even say so: Discord drops embeds without an error."""
    if not isinstance(message.channel, discord.abc.GuildChannel | discord.Thread) or not message.guild:
        return  # a direct message
    try:
        rights = message.channel.permissions_for(message.guild.me)
    except discord.ClientException:
        return  # a thread whose channel is unknown here
    is_thread = isinstance(message.channel, discord.Thread)
    needed = {SEND: rights.send_messages_in_threads if is_thread else rights.send_messages, EMBED: rights.embed_links}
    missing = [name for name, given in needed.items() if not given]
    if missing:
        said = Phrase(
            'I lack the permission "{missing}" in #{name}, which my tweets need; an admin gives it '
            "under Edit Channel > Permissions.",
            missing=missing[0],
            name=message.channel.name,
        )
        raise KeptOut(said) if missing[0] == SEND else NotAllowed(said)


class DiscordMentions:
    """Answers messages that call the bot: each once, and at most `chain` in a chain of replies."""

    def __init__(self, *, buttons: TweetButtons, asks: Asks, near: Near, chain: int, webhooks: Collection[int] = ()):
        self._webhooks = webhooks
        self._buttons = buttons
        self._parts = buttons.parts
        self._asks = asks
        self._chain = chain
        self._near = near
        self._depths: OrderedDict[int, int] = OrderedDict()

    async def answer(self, message: discord.Message, me: discord.abc.User) -> None:
        """Reply to `message` if it calls `me`."""
        call = call_of(message, me, self._webhooks)
        if call is None or not self._asks.begin(message.id):
            return
        asked = self._parts.limits.asked(person(message.author))
        try:
            self._asks.refuse_when_stopping()
            guild = message.guild.id if message.guild else None
            await self._buttons.gate.admit(guild, message.channel, message.author)
            wish = await self._wish(message, call)
            if wish.name:
                await self._tweet(message, call, wish)
            else:
                await self._parts.limits.count(person(message.author), _server(message), PUBLIC)
                voices = await self._parts.tweeting.suggestions("", _server(message))
                await reply(message, of_message(message).say(how_to_ask(me.name, voices)))
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            told = await self._counted(message, error, asked)
            await reply_failure(message, told, tell_pause=self._parts.store.pauses.tell_once)

    async def _counted(self, message: discord.Message, error: Exception, asked: int) -> Exception:
        """Count the failure, unless the person's count has grown since it was `asked`. Returns the error to tell."""
        if isinstance(error, TooOften | Busy | KeptOut) or self._parts.limits.asked(person(message.author)) > asked:
            return error
        try:
            await self._parts.limits.count(person(message.author), _server(message), PUBLIC)
        except Exception as refused:  # noqa: BLE001  one of the two is told
            return refused
        return error

    async def _wish(self, message: discord.Message, call: Call) -> Wish:
        """Returns what is wanted: in the voice it replies to, the one it names, or else the channel's own."""
        if call.voice:
            return Wish(call.voice, call.text)
        if call.replied_to and (record := await self._parts.store.feedback.answer(message_id(call.replied_to))):
            return Wish(record.voice, call.text)
        wish = understood(call.text, await self._parts.tweeting.voices(_server(message)))
        if wish.known or is_for_help(call.text):
            return wish
        default = await voice_of_place(self._parts.store.settings, places(message.channel))
        return Wish(default, call.text) if default else wish

    async def _tweet(self, message: discord.Message, call: Call, wish: Wish) -> None:
        _refuse_where_it_cannot_be_seen(message)
        depth = self._depths.get(call.replied_to, 0) + 1
        if depth > self._chain:
            raise Usage(
                Phrase("We have gone on for {chain} tweets; begin again with a new message.", chain=self._chain)
            )
        guild = message.guild.id if message.guild else None
        voice = await blend_named(self._parts, wish.name, guild)
        # Only what is said in a chain of replies is known. Whoever says nothing is not answered, but gets a tweet.
        before, said_by = await self._before(call, person(message.author)) if wish.prompt else ([], set())
        lines = [*before, wish.prompt]
        near = self._near.names(message.channel.id, message.guild)
        context = as_said(lines, (message.author, *message.mentions), near)
        ask = Ask(person(message.author), voice, "", 1, server_id(guild), may_speak=wish.may_speak, context=context)
        async with typing(message.channel):
            tweets = await self._parts.tweeting.tweet_like(ask)
        thread = await self._thread(message, tweets.name)
        language = of_message(message)
        embeds = tweet_embeds(tweets, await self._parts.tweeting.imitated(tweets), language)
        view = self._buttons.shown(message.author, _server(message), language)
        sent = await reply(message, embeds=embeds, view=view, into=thread)
        self._note(sent.id, depth)
        await self._buttons.remember(sent, tweets, "", message.author, guild, context, said_by=said_by)

    async def _before(self, call: Call, by: str) -> tuple[list[str], set[str]]:
        """Returns what was said before a reply to our tweets: what they answered, and the last of them; and by whom.

        What they answered is left out if somebody who said it has opted out.
        """
        record = await self._parts.store.feedback.answer(message_id(call.replied_to)) if call.replied_to else None
        if not record:
            return [], set()
        said_by = whose_words(record) if record.context else set()
        if await self._buttons.has_opted_out(said_by - {by}):
            said_by = set()
        return [*(record.context.splitlines() if said_by else []), *record.texts[-1:]], {*said_by, *record.voice.people}

    async def _thread(self, message: discord.Message, voice: str) -> discord.Thread | None:
        """Returns a new thread for the answer if the server wants that, or None for the channel itself."""
        if not isinstance(message.channel, discord.TextChannel):
            return None
        if not await self._parts.store.settings.get(server_id(message.channel.guild.id), THREADS):
            return None
        try:
            return await message.create_thread(name=of_message(message).say(parody_of(voice))[:MAX_THREAD_NAME])
        except discord.HTTPException as error:
            log.info("no thread, so the answer goes to the channel: %s", error)
            return None

    def _note(self, message: int, depth: int) -> None:
        self._depths[message] = depth
        while len(self._depths) > REMEMBERED:
            self._depths.popitem(last=False)

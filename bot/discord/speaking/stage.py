"""How a remark gets into its channel: it is drawn, sent once, and found again if the process died meanwhile.

Discord is told a number for each remark, and takes two messages with the same number for one if they come within a few
minutes. That covers what discord.py sends again by itself. For webhooks Discord has no such number, so what they say is
never sent again by itself (see `personas`): it is in doubt then, and looked for.

Knows channels and messages. Does not know when the bot speaks by itself.
"""

import logging
from datetime import timedelta

import aiohttp
import discord

from bot.core.errors import CannotSpeak
from bot.discord.asking.buttons import TweetButtons, take_back
from bot.discord.asking.gate import channel_id, message_id, places, server_id
from bot.discord.asking.once import NOBODY
from bot.discord.look.rendering import shown_texts, tweet_embeds
from bot.discord.look.translating import of_server
from bot.discord.speaking.personas import Personas, persona_name
from bot.people.access import Where
from bot.store.voices.remarks import Remark
from bot.voices.tweeting import Ask
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
BY_ITSELF = "bot"  # who asked for what nobody has asked for
CLOCKS_DIFFER = timedelta(minutes=5)
A_PAGE = 100  # messages that Discord shows at once
MAX_SEARCHED = 2_000  # messages in which a remark in doubt is looked for


class Stage:
    """Draws and sends remarks."""

    def __init__(self, client: discord.Client, buttons: TweetButtons, personas: Personas):
        self._personas = personas
        self._client = client
        self._buttons = buttons
        self._parts = buttons.parts

    def is_ready(self) -> bool:
        """Returns True while the bot is connected."""
        return self._client.is_ready()

    async def place(self, channel: str) -> Place:
        """Returns the channel. Raises `CannotSpeak` if there is none, or the bot may not write there."""
        number = int(channel.rpartition(":")[2])
        try:
            place = self._client.get_channel(number) or await self._client.fetch_channel(number)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData) as error:
            raise CannotSpeak(Phrase("The channel is gone, or I may not see it; choose another one.")) from error
        if not isinstance(place, Place):
            raise CannotSpeak(Phrase("I cannot write into a channel of this kind; choose one for texts."))
        if missing := lacking(place):
            raise CannotSpeak(
                Phrase(
                    'I lack the permission "{missing}" in #{name}; an admin can give it to me.',
                    missing=missing,
                    name=place.name,
                )
            )
        return place

    async def draw(self, remark: Remark, context: str = "") -> Tweets:
        """Returns what is to be said, in answer to `context`. Raises `CannotSpeak`, and what drawing raises."""
        place = await self.place(remark.channel)
        server = server_id(place.guild.id)
        await self._parts.access.refuse(Where(server, places(place)))
        who = f"{BY_ITSELF}:{remark.schedule or remark.channel}"
        return await self._parts.tweeting.tweet_like(Ask(who, remark.voice, server=server, context=context))

    async def send(self, remark: Remark, tweets: Tweets) -> str:
        """Send a remark. Returns its message, or "" if it may have been sent. Raises `CannotSpeak` if it was not."""
        place = await self.place(remark.channel)
        me = place.guild.me
        people = await self._parts.tweeting.imitated(tweets)
        language = of_server(place.guild)
        embeds = tweet_embeds(tweets, people, language)
        view = self._buttons.shown(me, server_id(place.guild.id), language)
        try:
            message: discord.Message | None = await self._personas.send(
                place, people, tweets.name, embeds=embeds, view=view
            )
            message = message or await place.send(
                embeds=embeds, view=view, nonce=f"remark{remark.id}", allowed_mentions=NOBODY
            )
        except (aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
            log.info("remark %d is in doubt: %s", remark.id, type(error).__name__)
            return ""
        except discord.HTTPException as error:
            log.info("remark %d is refused: status %s, code %s", remark.id, error.status, error.code)
            if error.status >= 500:
                return ""  # it may be there all the same
            raise CannotSpeak(
                Phrase("Discord does not let me write in #{name}; check what I may do there.", name=place.name)
            ) from error
        self._parts.chattering.last_word.of_bot(place.id, message.id)
        await self._remember(message, place, tweets)
        return message_id(message.id)

    async def find(self, remark: Remark) -> str:
        """Returns the message of a remark that may have been sent; "" if it is not there.

        It is looked for next to the time when it was sent, since much may have been written in its channel afterwards.
        Raises `CannotSpeak` if that cannot be seen.
        """
        assert remark.sending_at
        place = await self.place(remark.channel)
        within = {"after": remark.sending_at - CLOCKS_DIFFER, "before": remark.sending_at + CLOCKS_DIFFER}
        next_to = place.history(limit=A_PAGE, around=remark.sending_at)
        in_all = place.history(limit=MAX_SEARCHED + 1, oldest_first=False, **within)
        try:
            for messages in (next_to, in_all):
                searched = 0
                async for message in messages:
                    searched += 1
                    if self._is_own(message) and await self._shows(message, remark):
                        await self._remember(message, place, _drawn(remark))
                        return message_id(message.id)
        except (discord.Forbidden, discord.NotFound) as error:
            raise _cannot_be_seen(place) from error
        if searched > MAX_SEARCHED:
            raise _cannot_be_seen(place)
        return ""

    def _is_own(self, message: discord.Message) -> bool:
        assert self._client.user
        return message.author.id == self._client.user.id or message.webhook_id in self._personas.ids

    async def _shows(self, message: discord.Message, remark: Remark) -> bool:
        """Returns True if a message of ours is `remark`.

        Without the Message Content Intent, Discord hides what a webhook wrote. What nothing is known of, and has the
        name of the voice, is the one in doubt then.
        """
        if message.embeds or not message.webhook_id:
            return remark.text in shown_texts(message)
        people = await self._parts.tweeting.imitated(_drawn(remark))
        is_known = await self._parts.store.remarks.of_message(message_id(message.id))
        return not is_known and message.author.name == persona_name([one.handle for one in people])

    async def _remember(self, message: discord.Message, place: Place, tweets: Tweets) -> None:
        """Remember what a remark says, so that its buttons work. If this fails, they do less.

        Delete the message if somebody in it was forgotten or opted out while it was on its way.
        """
        try:
            is_kept = await self._parts.store.feedback.answered(
                message_id(message.id),
                person=BY_ITSELF,
                voice=tweets.name,
                version=tweets.version,
                texts=tweets.texts,
                server=server_id(place.guild.id),
                channel=channel_id(place.id),
            )
        except PipelineError as error:
            log.warning("remark %s is not kept, so its buttons know little: %s", message.id, error)
            return
        if not is_kept:
            await take_back(message)


def _drawn(remark: Remark) -> Tweets:
    """Returns what was drawn for a remark in doubt."""
    return Tweets((remark.text,), remark.voice, remark.version, 0, 0)


def _cannot_be_seen(place: Place) -> CannotSpeak:
    return CannotSpeak(Phrase("I cannot read in #{name} whether I said it; better once too few.", name=place.name))


def lacking(place: Place) -> Phrase:
    """Returns the first permission that the bot needs in a channel and has not; empty if it has all."""
    try:
        rights = place.permissions_for(place.guild.me)
    except discord.ClientException:
        return Phrase()  # a thread whose channel is unknown here; Discord will tell
    writing = rights.send_messages_in_threads if isinstance(place, discord.Thread) else rights.send_messages
    writes = Phrase("Send Messages in Threads") if isinstance(place, discord.Thread) else Phrase("Send Messages")
    needed = {Phrase("View Channel"): rights.view_channel, writes: writing, Phrase("Embed Links"): rights.embed_links}
    return next((name for name, given in needed.items() if not given), Phrase())

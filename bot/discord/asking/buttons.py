"""The buttons below tweets: Again, thumbs, delete, and for admins Queue to X. They work after a restart, too.

The database has what each message showed, so the buttons themselves carry nothing.

Knows what a click means. Does not know how tweets are made, liked or posted.
"""

import io
import logging
import re
from abc import abstractmethod
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Self, TypeVar

import aiohttp
import discord

from bot.core.errors import NotAllowed
from bot.discord.asking.acts import Shown, deferred, only
from bot.discord.asking.answering import Interaction, answer, answer_failure, only_shown, person, tell
from bot.discord.asking.asks import Asks
from bot.discord.asking.clicks import Clicks
from bot.discord.asking.gate import Gate, Who, channel_id, message_id, server_id
from bot.discord.asking.once import acknowledge
from bot.discord.asking.parts import Parts
from bot.discord.look.rendering import parody_of, tweet_embeds, voice_of
from bot.discord.look.translating import Language, of_answer
from bot.people.limits import PICTURE, TWEETS
from bot.posts.post_words import told_of
from bot.store.posts.outbox import Post
from bot.store.voices.feedback import Answer
from bot.voices.tweeting import Ask
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.drawing_options import AS_USUAL, DrawingOptions
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

MAX_LABEL = 100  # characters of a choice that Discord shows
FORGOTTEN = Phrase("I do not know any more what this was; ask me with /tweetlike.")
ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


class TweetButtons(Clicks):
    """Below every answer with tweets."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts=parts, gate=gate, asks=asks)
        if not parts.posting:
            self.remove_item(self.queue)

    def below_scene(self, language: Language) -> discord.ui.View:
        """Returns those of these buttons that make sense below a scene, for one message."""
        view = TweetButtons(parts=self.parts, gate=self.gate, asks=self._asks)
        for button in (view.again, view.queue):
            view.remove_item(button)
        return only_shown(view, language)

    def shown(self, user: discord.abc.User, server: str, language: Language) -> discord.ui.View:
        """Returns these buttons for one message to `user`. *Queue a post* is left out if nobody there may use it."""
        view = TweetButtons(parts=self.parts, gate=self.gate, asks=self._asks)
        posting = self.parts.posting
        if posting and not (posting.is_set_up and self.gate.may_have_home_admins(user, server)):
            view.remove_item(view.queue)
        return only_shown(view, language)

    async def write(
        self,
        interaction: Interaction,
        voice: BlendName,
        prompt: str = "",
        *,
        count: int = 1,
        private: bool = False,
        as_picture: bool = False,
        context: str = "",
        said_by: Collection[str] = (),
        options: DrawingOptions = AS_USUAL,
    ) -> None:
        """Answer a deferred interaction with tweets in a voice, as a picture, too, if that is wanted, and buttons.

        The tweets begin with `prompt`, or answer `context`, which are words of `said_by`.
        """
        tweeting, here = self.parts.tweeting, server_id(interaction.guild_id)
        cost = PICTURE if as_picture else TWEETS
        tweets = await tweeting.tweet_like(
            Ask(person(interaction.user), voice, prompt, count, here, cost, context=context, options=options)
        )
        picture = await tweeting.picture(tweets, prompt) if as_picture else None
        language = of_answer(interaction, private=private)
        embeds, file = tweet_embeds(tweets, await tweeting.imitated(tweets), language), None
        if picture:
            described = language.say(parody_of(tweets.name))
            file = discord.File(io.BytesIO(picture), "predictions.png", description=described)
            embeds[-1].set_image(url=f"attachment://{file.filename}")
        view = self.shown(interaction.user, here, language)
        message = await answer(interaction, embeds, ephemeral=private, view=view, file=file, note=tweets.shortfall)
        if message:
            guild = interaction.guild_id
            await self.remember(message, tweets, prompt, interaction.user, guild, context, options, said_by=said_by)

    async def remember(
        self,
        message: discord.Message,
        tweets: Tweets,
        prompt: str,
        user: discord.abc.User,
        guild: int | None,
        context: str = "",
        options: DrawingOptions = AS_USUAL,
        *,
        said_by: Collection[str] = (),
    ) -> None:
        """Remember what `message` shows. If this fails, the tweets stay and the buttons do less.

        Delete the message if somebody in it was forgotten or opted out while it was on its way.
        """
        try:
            is_kept = await self.parts.store.feedback.answered(
                message_id(message.id),
                person=person(user),
                voice=tweets.name,
                version=tweets.version,
                prompt=prompt,
                context=context,
                said_by=said_by,
                options=options.unseeded.as_json,
                texts=tweets.texts,
                server=server_id(guild),
                channel=channel_id(message.channel.id),
            )
        except PipelineError as error:
            log.warning("answer %s is not kept, so its buttons know little: %s", message.id, error)
            return
        if not is_kept:
            await take_back(message)

    @discord.ui.button(emoji="🔁", label=Phrase("Again"), custom_id="tweets:again", style=discord.ButtonStyle.secondary)
    @deferred(lambda interaction: Shown.PRIVATELY if _is_private(interaction) else Shown.PUBLICLY)
    async def again(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Write other tweets in the same voice, with the same start and choices, in another message."""
        assert interaction.message
        record = await self.record(interaction.message.id)
        voice = record.voice if record else voice_of(interaction.message.embeds)
        if not voice:
            raise Usage(FORGOTTEN)
        prompt, count = (record.prompt, max(1, len(record.texts))) if record else ("", 1)
        context, options = (record.context, DrawingOptions.from_json(record.options)) if record else ("", AS_USUAL)
        count, private = min(count, self.parts.tweeting.max_count), _is_private(interaction)
        said_by = whose_words(record) if record and (prompt or context) else set()
        if await self.has_opted_out(said_by - {person(interaction.user)}):
            prompt, context, said_by = "", "", set()
        await self.write(
            interaction,
            voice,
            prompt,
            count=count,
            private=private,
            context=context,
            said_by=said_by,
            options=options,
        )

    @discord.ui.button(emoji="👍", custom_id="tweets:up", style=discord.ButtonStyle.secondary)
    async def up(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        await self._vote(interaction, 1)

    @discord.ui.button(emoji="👎", custom_id="tweets:down", style=discord.ButtonStyle.secondary)
    async def down(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        await self._vote(interaction, -1)

    @deferred(Shown.PRIVATELY)
    async def _vote(self, interaction: Interaction, vote: int) -> None:
        assert interaction.message
        message = message_id(interaction.message.id)
        if not await self.parts.store.feedback.vote(message, person(interaction.user), vote):
            raise Usage(Phrase("I do not know any more what this was, so I cannot note what you think of it."))
        noted = Phrase("Noted, thank you. /voice shows what people think.")
        more = await self.parts.chattering.voted(message, person(interaction.user)) if vote < 0 else Phrase()
        await tell(interaction, Phrase.joined(" ", [noted, more]))

    @discord.ui.button(emoji="🗑", custom_id="tweets:delete", style=discord.ButtonStyle.secondary)
    async def delete(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Delete the answer: for the person who asked for it, the person it imitates, and moderators."""
        assert interaction.message
        message = message_id(interaction.message.id)
        is_theirs = await self.parts.store.feedback.may_withdraw(message, person(interaction.user))
        if not is_theirs and not interaction.permissions.manage_messages and not self.gate.is_owner(interaction.user):
            raise NotAllowed(
                Phrase("Only who asked for this may delete it, whom it imitates, or who may manage messages here.")
            )
        await acknowledge(interaction, interaction.response.defer())
        with suppress(discord.NotFound):  # somebody else has just deleted it
            await interaction.delete_original_response()
        await self.parts.store.feedback.withdrawn(message)

    @discord.ui.button(
        emoji="📮", label=Phrase("Queue a post"), custom_id="tweets:queue", style=discord.ButtonStyle.secondary
    )
    @only(Who.HOME_ADMINS)
    @deferred(Shown.PRIVATELY)
    async def queue(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Put a tweet into the queue of posts. If there are several, the admin chooses one."""
        assert interaction.message
        record = await self.record(interaction.message.id)
        if not record or not record.texts:
            raise Usage(FORGOTTEN)
        fit = await self._fit(record)
        if len(fit) == len(record.texts) == 1:
            await tell(interaction, await self.offer(record, 0, interaction.user))
        else:
            chooser = discord.ui.View(timeout=None)
            chooser.add_item(Choice(record.message.removeprefix("discord:"), fit))
            question = Phrase("Which one?")
            if left_out := len(record.texts) - len(fit):
                others = Phrase(
                    "{count} of them cannot be posted and is left out.",
                    plural="{count} of them cannot be posted and are left out.",
                    count=left_out,
                )
                question = Phrase.joined(" ", [question, others])
            await tell(interaction, question, view=only_shown(chooser, of_answer(interaction, private=True)))

    async def has_opted_out(self, people: Collection[str]) -> bool:
        """Returns True if one of `people` has opted out, so that what they wrote is not used."""
        return any([await self.parts.consenting.opted_out(one) for one in people])

    async def record(self, message: int) -> Answer | None:
        """Returns what is remembered of an answer, if anything is."""
        return await self.parts.store.feedback.answer(message_id(message))

    async def _fit(self, record: Answer) -> dict[int, str]:
        """Returns the tweets of an answer that can be posted, by their numbers. Raises `Usage` if none can."""
        posting = self.parts.posting
        if not posting or not posting.is_set_up:
            raise Usage(Phrase("I have no account to post as."))
        objections = [await posting.objection_to(text) for text in record.texts]
        posts = [await self._queued(record, number) for number in range(len(record.texts))]
        fit = {number: text for number, text in enumerate(record.texts) if posts[number] or not objections[number]}
        if not fit:
            reasons = sorted({reason for reason in objections if reason})
            raise Usage(Phrase("None of this can be posted: it has {reasons:and}.", reasons=reasons))
        return fit

    async def _queued(self, record: Answer, number: int) -> list[Post]:
        """Returns the posts that were made of one of an answer's tweets."""
        posting = self.parts.posting
        return await posting.offered(f"answer:{record.message}:{number}") if posting else []

    async def offer(self, record: Answer, number: int, user: discord.abc.User) -> Phrase:
        """Queue one of an answer's tweets, once. Returns a sentence about it."""
        posting = self.parts.posting
        assert posting
        posts = await posting.offer(
            record.texts[number],
            voice=record.voice,
            version=record.version,
            by=person(user),
            key=f"answer:{record.message}:{number}",
        )
        is_rehearsal = any(post.state == "queued" and posting.is_dry_run(post) for post in posts)
        dry = Phrase("This is a dry run: it would be posted then, but nothing is sent.") if is_rehearsal else Phrase()
        return Phrase.joined(" ", [told_of(posts), dry, Phrase("/queue shows what waits.")])


def whose_words(record: Answer) -> set[str]:
    """Returns whose words an answer begins with or answers: of who asked for it, and of others."""
    return {record.person, *record.said_by.split()}


async def take_back(message: discord.Message) -> None:
    """Delete a message of ours in the voice of somebody who was forgotten before it was there."""
    try:
        await message.delete()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("message %s is in a voice that was forgotten, and cannot be deleted: %s", message.id, error)


def _is_private(interaction: Interaction) -> bool:
    assert interaction.message
    return interaction.message.flags.ephemeral


class LastingItem(discord.ui.DynamicItem[ItemT], template="-"):
    """A button or list whose id says all that it needs, so it works after a restart. It is made anew for each click.

    The groups of the id's `template` are what it is made with. `act` is what a click on it does.
    """

    buttons: TweetButtons
    """All that an item needs beside its id: discord.py gives it the client and nothing else."""

    @property
    def parts(self) -> Parts:
        return self.buttons.parts

    @property
    def gate(self) -> Gate:
        return self.buttons.gate

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        groups: dict[str, Any] = match.groupdict()
        return cls(**groups)

    async def callback(self, interaction: Interaction) -> None:
        self.buttons = interaction.client.buttons
        await self.buttons.answered(interaction, self.act)

    @abstractmethod
    async def act(self, interaction: Interaction) -> None:
        """The answer to a click."""


class Form(discord.ui.Modal):
    """A form. `act` is what sending it does."""

    def __init__(self, buttons: TweetButtons, title: Phrase, custom_id: str, language: Language):
        super().__init__(title=language.say(title), custom_id=custom_id)
        self.buttons = buttons

    @property
    def gate(self) -> Gate:
        return self.buttons.gate

    async def on_submit(self, interaction: Interaction, /) -> None:
        await self.buttons.answered(interaction, self.act)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]
        await answer_failure(interaction, error)

    @abstractmethod
    async def act(self, interaction: Interaction) -> None:
        """The answer to a form that was sent."""


class Choice(LastingItem[discord.ui.Select[Any]], template=r"queue:(?P<message>\d+)"):
    """Which of an answer's tweets is posted."""

    def __init__(self, message: str, texts: Mapping[int, str] | None = None):
        options = [
            discord.SelectOption(label=f"{number + 1}. {text}"[:MAX_LABEL], value=str(number))
            for number, text in (texts or {}).items()
        ] or [discord.SelectOption(label="-")]
        super().__init__(discord.ui.Select(custom_id=f"queue:{message}", options=options))
        self.message = message

    @only(Who.HOME_ADMINS)
    @deferred(Shown.PRIVATELY)
    async def act(self, interaction: Interaction) -> None:
        record = await self.buttons.record(int(self.message))
        if not record or not record.texts:
            raise Usage(FORGOTTEN)
        await tell(interaction, await self.buttons.offer(record, int(self.item.values[0]), interaction.user))

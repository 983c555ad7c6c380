"""The buttons below tweets: Again, thumbs, delete, and for admins Queue to X. They work after a restart, too.

The database has what each message showed, so the buttons themselves carry nothing.

Knows what a click means. Does not know how tweets are made, liked or posted.
"""

import io
import logging
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import discord

from bot.core.errors import NotAllowed
from bot.discord.acts import Shown, deferred, only
from bot.discord.answering import Interaction, answer, answer_failure, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.clicks import Clicks
from bot.discord.gate import Gate, Who, channel_id, message_id, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import tweet_embeds, voice_of
from bot.people.limits import PICTURE, TWEETS
from bot.posts.post_words import standing_of
from bot.store.feedback import Answer
from bot.store.posts import Post
from bot.voices.tweeting import Ask
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.names import BlendName
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

MAX_LABEL = 100  # characters of a choice that Discord shows
FORGOTTEN = "I do not know any more what this was; ask me with /tweetlike."
ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


class TweetButtons(Clicks):
    """Below every answer with tweets."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts=parts, gate=gate, asks=asks)
        if not parts.posting:
            self.remove_item(self.queue)

    def shown(self, user: discord.abc.User, server: str) -> discord.ui.View:
        """Returns these buttons for one message to `user`. Queue to X is left out if nobody there may use it."""
        view = TweetButtons(parts=self.parts, gate=self.gate, asks=self._asks)
        posting = self.parts.posting
        if posting and not (posting.is_set_up and self.gate.may_have_home_admins(user, server)):
            view.remove_item(view.queue)
        return only_shown(view)

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
    ) -> None:
        """Answer a deferred interaction with tweets in a voice, as a picture, too, if that is wanted, and buttons.

        The tweets begin with `prompt`, or answer `context`.
        """
        tweeting, here = self.parts.tweeting, server_id(interaction.guild_id)
        cost = PICTURE if as_picture else TWEETS
        tweets = await tweeting.tweet_like(
            Ask(person(interaction.user), voice, prompt, count, here, cost, context=context)
        )
        picture = await tweeting.picture(tweets, prompt) if as_picture else None
        embeds, file = tweet_embeds(tweets, await tweeting.imitated(tweets)), None
        if picture:
            file = discord.File(io.BytesIO(picture), "predictions.png", description=f"AI parody of {tweets.name}")
            embeds[-1].set_image(url=f"attachment://{file.filename}")
        view = self.shown(interaction.user, here)
        message = await answer(interaction, embeds, ephemeral=private, view=view, file=file, note=tweets.shortfall)
        if message:
            await self.remember(message, tweets, prompt, interaction.user, interaction.guild_id, context)

    async def remember(
        self,
        message: discord.Message,
        tweets: Tweets,
        prompt: str,
        user: discord.abc.User,
        guild: int | None,
        context: str = "",
    ) -> None:
        """Remember what `message` shows. If this fails, the tweets stay and the buttons do less."""
        try:
            await self.parts.store.feedback.answered(
                message_id(message.id),
                person=person(user),
                voice=tweets.name,
                version=tweets.version,
                prompt=prompt,
                context=context,
                texts=tweets.texts,
                server=server_id(guild),
                channel=channel_id(message.channel.id),
            )
        except PipelineError as error:
            log.warning("answer %s is not kept, so its buttons know little: %s", message.id, error)

    @discord.ui.button(emoji="🔁", label="Again", custom_id="tweets:again", style=discord.ButtonStyle.secondary)
    @deferred(lambda interaction: Shown.PRIVATELY if _is_private(interaction) else Shown.PUBLICLY)
    async def again(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Write once more in the same voice, with the same start, in another message."""
        assert interaction.message
        record = await self.record(interaction.message.id)
        voice = record.voice if record else voice_of(interaction.message.embeds)
        if not voice:
            raise Usage(FORGOTTEN)
        prompt, count = (record.prompt, max(1, len(record.texts))) if record else ("", 1)
        context = record.context if record else ""
        count = min(count, self.parts.tweeting.max_count)
        await self.write(interaction, voice, prompt, count=count, private=_is_private(interaction), context=context)

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
            raise Usage("I do not know any more what this was, so I cannot note what you think of it.")
        more = await self.parts.chattering.voted(message, person(interaction.user)) if vote < 0 else ""
        await tell(interaction, f"Noted, thank you. /voice shows what people think. {more}".rstrip())

    @discord.ui.button(emoji="🗑", custom_id="tweets:delete", style=discord.ButtonStyle.secondary)
    async def delete(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Delete the answer: for the person who asked for it, the person it imitates, and moderators."""
        assert interaction.message
        message = message_id(interaction.message.id)
        is_theirs = await self.parts.store.feedback.may_withdraw(message, person(interaction.user))
        if not is_theirs and not interaction.permissions.manage_messages and not self.gate.is_owner(interaction.user):
            raise NotAllowed(
                "Only who asked for this may delete it, whom it imitates, or who may manage messages here."
            )
        await interaction.response.defer()
        await interaction.delete_original_response()
        await self.parts.store.feedback.withdrawn(message)

    @discord.ui.button(emoji="📮", label="Queue to X", custom_id="tweets:queue", style=discord.ButtonStyle.secondary)
    @only(Who.HOME_ADMINS)
    @deferred(Shown.PRIVATELY)
    async def queue(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Put a tweet into the queue for X. If there are several, the admin chooses one."""
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
            left_out = len(record.texts) - len(fit)
            others = f" {left_out} of them cannot be posted and are left out." if left_out else ""
            await tell(interaction, f"Which one?{others}", view=only_shown(chooser))

    async def record(self, message: int) -> Answer | None:
        """Returns what is remembered of an answer, if anything is."""
        return await self.parts.store.feedback.answer(message_id(message))

    async def _fit(self, record: Answer) -> dict[int, str]:
        """Returns the tweets of an answer that can be posted, by their numbers. Raises `Usage` if none can."""
        posting = self.parts.posting
        if not posting or not posting.is_set_up:
            raise Usage("I have no account on X to post as.")
        objections = [await posting.objection_to(text) for text in record.texts]
        posts = [await self._queued(record, number) for number in range(len(record.texts))]
        fit = {number: text for number, text in enumerate(record.texts) if posts[number] or not objections[number]}
        if not fit:
            raise Usage(f"None of this can be posted on X: it has {' and '.join(sorted(set(objections)))}.")
        return fit

    async def _queued(self, record: Answer, number: int) -> Post | None:
        """Returns the post that was made of one of an answer's tweets, if one was."""
        return await self.parts.store.posts.by_key(f"answer:{record.message}:{number}")

    async def offer(self, record: Answer, number: int, user: discord.abc.User) -> str:
        """Queue one of an answer's tweets, once. Returns a sentence about it."""
        posting = self.parts.posting
        assert posting
        post = await self._queued(record, number) or await posting.offer(
            record.texts[number],
            voice=record.voice,
            version=record.version,
            by=person(user),
            key=f"answer:{record.message}:{number}",
        )
        is_rehearsal = post.state == "queued" and (await posting.status()).dry_run
        dry = " This is a dry run: it would be posted then, but nothing is sent." if is_rehearsal else ""
        return f"Post {post.id} {standing_of(post)}.{dry} /queue shows what waits."


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

    def __init__(self, buttons: TweetButtons, custom_id: str):
        super().__init__(custom_id=custom_id)
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
    """Which of an answer's tweets goes to X."""

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

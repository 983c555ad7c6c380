"""The buttons below tweets: Again, thumbs, delete, and for admins Queue to X. They work after a restart, too.

What an answer was is kept in the database by its message, so the buttons need to carry nothing.

Knows what a click means. Does not know how tweets are made, liked or posted.
"""

import io
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.core.errors import NotAllowed
from bot.discord.answering import Interaction, answer, answer_failure, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.gate import Gate, channel_id, message_id, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import tweet_embeds, voice_of
from bot.people.limits import CHEAP
from bot.posts.post_words import standing_of
from bot.store.feedback import Answer
from bot.store.posts import Post
from bot.voices.tweeting import Ask
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

MAX_LABEL = 100  # characters of a choice that Discord shows


Answering = Callable[[Interaction], Awaitable[None]]


class Clicks(discord.ui.View):
    """Buttons that live for ever: each click once, only of who may, and every failure answered."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(timeout=None)
        self.parts = parts
        self.gate = gate
        self._asks = asks

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        if not self._asks.begin(interaction.id):
            return False
        try:
            self._asks.refuse_when_stopping()
            await self.gate.admit_interaction(interaction)
            self.gate.count_own(interaction.user, CHEAP)
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            await answer_failure(interaction, error)
            return False
        return True

    async def answered(self, interaction: Interaction, answering: Answering) -> None:
        """`answering` as the answer to a click on an item that is made anew for each click."""
        try:
            if await self.interaction_check(interaction):
                await answering(interaction)
        except Exception as error:  # noqa: BLE001  whatever it is, the person is told and the log has it
            await answer_failure(interaction, error)

    async def on_error(self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /) -> None:
        await answer_failure(interaction, error)


class TweetButtons(Clicks):
    """Below every answer with tweets."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts=parts, gate=gate, asks=asks)
        if not parts.posting:
            self.remove_item(self.queue)

    def shown(self, user: discord.abc.User, server: str) -> discord.ui.View:
        """These buttons for one message to `user`; Queue to X only where somebody may use it."""
        view = TweetButtons(parts=self.parts, gate=self.gate, asks=self._asks)
        posting = self.parts.posting
        if posting and not (posting.is_set_up and self.gate.may_have_home_admins(user, server)):
            view.remove_item(view.queue)
        return only_shown(view)

    async def show(
        self,
        interaction: Interaction,
        tweets: Tweets,
        prompt: str,
        *,
        private: bool = False,
        picture: bytes | None = None,
    ) -> None:
        """Answer a deferred interaction with `tweets`, as a picture too where there is one, and these buttons."""
        embeds, file = tweet_embeds(tweets, await self.parts.tweeting.imitated(tweets)), None
        if picture:
            file = discord.File(io.BytesIO(picture), "predictions.png", description=f"AI parody of {tweets.name}")
            embeds[-1].set_image(url="attachment://predictions.png")
        message = await answer(
            interaction,
            embeds,
            ephemeral=private,
            view=self.shown(interaction.user, server_id(interaction.guild_id)),
            file=file,
            note=tweets.shortfall,
        )
        if message:
            await self.remember(message, tweets, prompt, interaction.user, interaction.guild_id)

    async def remember(
        self, message: discord.Message, tweets: Tweets, prompt: str, user: discord.abc.User, guild: int | None
    ) -> None:
        """Keep what `message` shows. Tweets that are shown stay, also when this fails."""
        try:
            await self.parts.store.feedback.answered(
                message_id(message.id),
                person=person(user),
                voice=tweets.name,
                version=tweets.version,
                prompt=prompt,
                texts=tweets.texts,
                server=server_id(guild),
                channel=channel_id(message.channel.id),
            )
        except PipelineError as error:
            log.warning("answer %s is not kept, so its buttons know little: %s", message.id, error)

    @discord.ui.button(emoji="🔁", label="Again", custom_id="tweets:again", style=discord.ButtonStyle.secondary)
    async def again(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """The same voice and start once more, in a message of its own."""
        assert interaction.message
        private = interaction.message.flags.ephemeral
        await interaction.response.defer(ephemeral=private, thinking=True)
        known = await self._known(interaction)
        name = known.voice if known else voice_of(interaction.message.embeds)
        if not name:
            raise Usage("I do not know any more what this was; ask me with /tweetlike.")
        prompt, count = (known.prompt, max(1, len(known.texts))) if known else ("", 1)
        count = min(count, self.parts.tweeting.max_count)
        ask = Ask(person(interaction.user), name, prompt, count, server_id(interaction.guild_id))
        await self.show(interaction, await self.parts.tweeting.tweet_like(ask), prompt, private=private)

    @discord.ui.button(emoji="👍", custom_id="tweets:up", style=discord.ButtonStyle.secondary)
    async def up(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        await self._vote(interaction, 1)

    @discord.ui.button(emoji="👎", custom_id="tweets:down", style=discord.ButtonStyle.secondary)
    async def down(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        await self._vote(interaction, -1)

    @discord.ui.button(emoji="🗑", custom_id="tweets:delete", style=discord.ButtonStyle.secondary)
    async def delete(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Delete the answer: for who asked for it, for whom it imitates, and for moderators."""
        assert interaction.message
        message = message_id(interaction.message.id)
        mine = await self.parts.store.feedback.may_withdraw(message, person(interaction.user))
        if not mine and not interaction.permissions.manage_messages and not self.gate.is_owner(interaction.user):
            raise NotAllowed(
                "Only who asked for this may delete it, whom it imitates, or who may manage messages here."
            )
        await interaction.response.defer()
        await interaction.delete_original_response()
        await self.parts.store.feedback.withdrawn(message)

    @discord.ui.button(emoji="📮", label="Queue to X", custom_id="tweets:queue", style=discord.ButtonStyle.secondary)
    async def queue(self, interaction: Interaction, _: discord.ui.Button["TweetButtons"]) -> None:
        """Put a tweet into the queue of X; of several, the admin chooses one."""
        self.gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        known = await self._known(interaction)
        if not known or not known.texts:
            raise Usage("I do not know any more what this was; ask me with /tweetlike.")
        fit = await self._fit(known)
        if len(fit) == len(known.texts) == 1:
            await tell(interaction, await self.offer(known, 0, interaction.user))
        else:
            chooser = discord.ui.View(timeout=None)
            chooser.add_item(Choice(known.message.removeprefix("discord:"), fit))
            left_out = len(known.texts) - len(fit)
            others = f" {left_out} of them cannot be posted and are left out." if left_out else ""
            await tell(interaction, f"Which one?{others}", view=only_shown(chooser))

    async def _fit(self, known: Answer) -> dict[int, str]:
        """The tweets of an answer that can be posted, by their numbers; raises `Usage` when none can."""
        posting = self.parts.posting
        if not posting or not posting.is_set_up:
            raise Usage("I have no account on X to post as.")
        objections = [await posting.objection_to(text) for text in known.texts]
        fit = {number: text for number, text in enumerate(known.texts) if not objections[number]}
        queued = [await self._queued(known, number) for number in range(len(known.texts))]
        fit |= {number: known.texts[number] for number, post in enumerate(queued) if post}
        if not fit:
            raise Usage(f"None of this can be posted on X: it has {' and '.join(sorted(set(objections)))}.")
        return dict(sorted(fit.items()))

    async def _queued(self, known: Answer, number: int) -> Post | None:
        """The post that was made of one of an answer's tweets."""
        return await self.parts.store.posts.by_key(f"answer:{known.message}:{number}")

    async def offer(self, known: Answer, number: int, user: discord.abc.User) -> str:
        """Queue one of an answer's tweets, once; a sentence about it."""
        posting = self.parts.posting
        assert posting
        post = await self._queued(known, number) or await posting.offer(
            known.texts[number],
            voice=known.voice,
            version=known.version,
            by=person(user),
            key=f"answer:{known.message}:{number}",
        )
        rehearsal = post.state == "queued" and (await posting.status()).dry_run
        dry = " This is a dry run: it would be posted then, but nothing is sent." if rehearsal else ""
        return f"Post {post.id} {standing_of(post)}.{dry} /queue shows what waits."

    async def _vote(self, interaction: Interaction, vote: int) -> None:
        assert interaction.message
        await interaction.response.defer(ephemeral=True, thinking=True)
        voted = await self.parts.store.feedback.vote(message_id(interaction.message.id), person(interaction.user), vote)
        if not voted:
            raise Usage("I do not know any more what this was, so I cannot note what you think of it.")
        await tell(interaction, "Noted, thank you. /voice shows what people think.")

    async def _known(self, interaction: Interaction) -> Answer | None:
        assert interaction.message
        return await self.parts.store.feedback.answer(message_id(interaction.message.id))


class Choice(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"queue:(?P<message>\d+)"):
    """Which of an answer's tweets goes to X."""

    def __init__(self, message: str, texts: Mapping[int, str] | None = None):
        options = [
            discord.SelectOption(label=f"{number + 1}. {text}"[:MAX_LABEL], value=str(number))
            for number, text in (texts or {}).items()
        ] or [discord.SelectOption(label="-")]
        super().__init__(discord.ui.Select(custom_id=f"queue:{message}", options=options))
        self.message = message

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Choice":
        return cls(match["message"])

    async def callback(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        await buttons.answered(interaction, self._chosen)

    async def _chosen(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        buttons.gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        known = await buttons.parts.store.feedback.answer(message_id(int(self.message)))
        if not known or not known.texts:
            raise Usage("I do not know any more what this was; ask me with /tweetlike.")
        await tell(interaction, await buttons.offer(known, int(self.item.values[0]), interaction.user))

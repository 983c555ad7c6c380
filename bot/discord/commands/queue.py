"""/queue: what waits to be posted on X; admins of the home server approve, edit, reject or ask for another one.

Knows the command, its buttons and the form for another text. Does not know how a post is checked or sent.
"""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, answer_failure, only_shown, person, tell
from bot.discord.buttons import TweetButtons
from bot.discord.gate import Gate
from bot.discord.parts import Parts
from bot.discord.rendering import as_written
from bot.posts.post_words import standing_of
from bot.posts.posting import Posting
from bot.store.posts import Post

MAX_SHOWN = 5
MAX_SHORT = 150  # characters of a text that is shown among others
WORDS = {"approve": "✅", "edit": "✏️", "again": "🔁", "reject": "🗑"}


def queue(parts: Parts, gate: Gate, posting: Posting) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="queue", description="What waits to be posted on X")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        waiting = await posting.queue(MAX_SHOWN + 1)
        if not waiting:
            await tell(interaction, "Nothing waits. " + _how_to_fill(posting, await posting.recent(MAX_SHOWN)))
        for post in waiting[:MAX_SHOWN]:
            await interaction.followup.send(
                embed=_embed(post), view=_buttons(post), ephemeral=True, allowed_mentions=NOBODY
            )
        if len(waiting) > MAX_SHOWN:
            await tell(interaction, "There are more; decide about these first.")

    return command


def _how_to_fill(posting: Posting, recent: Sequence[Post]) -> str:
    """What to do about an empty queue, and what became of the last posts."""
    if not posting.is_set_up:
        return "I have no account on X yet; whoever set me up can give me one."
    lines = ["📮 below my tweets puts one into the queue."]
    lines += [f"Post {post.id} {standing_of(post)}: {_short(post.text)}" for post in recent if post.text]
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHORT else text[: MAX_SHORT - 1] + "…"


def _embed(post: Post) -> discord.Embed:
    embed = discord.Embed(description=as_written(post.text))
    embed.set_author(name=f"AI parody of @{post.voice}")
    embed.set_footer(text=f"Post {post.id} {standing_of(post)}.")
    return embed


def _buttons(post: Post) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if post.state in ("proposed", "queued"):
        for word in WORDS:
            if word != "approve" or post.state == "proposed":
                view.add_item(Decision(word, post.id))
    return only_shown(view)


class Decision(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"post:(?P<word>[a-z]+):(?P<post>\d+)"):
    """An admin's word on a post."""

    def __init__(self, word: str, post: int):
        button: discord.ui.Button[Any] = discord.ui.Button(
            emoji=WORDS[word], label=word.title(), custom_id=f"post:{word}:{post}"
        )
        super().__init__(button)
        self.word, self.post = word, post

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Decision":
        return cls(match["word"], int(match["post"]))

    async def callback(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        await buttons.answered(interaction, self._decide)

    async def _decide(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        posting = buttons.parts.posting
        assert posting
        buttons.gate.refuse_others_than_home_admins(interaction)
        by = person(interaction.user)
        if self.word == "edit":
            assert interaction.message
            text = (await buttons.parts.store.posts.get(self.post)) or None
            await interaction.response.send_modal(Rewrite(buttons, posting, self.post, text.text if text else ""))
            return
        await interaction.response.defer()
        match self.word:
            case "approve":
                post = await posting.approve(self.post, by)
            case "reject":
                post = await posting.reject(self.post, by)
            case _:
                post = await posting.again(self.post, by)
        await interaction.edit_original_response(embed=_embed(post), view=_buttons(post), allowed_mentions=NOBODY)


class Rewrite(discord.ui.Modal, title="Another text for this post"):
    """The form for another text."""

    def __init__(self, buttons: TweetButtons, posting: Posting, post: int, text: str):
        super().__init__(custom_id=f"rewrite:{post}")
        self._buttons = buttons
        self._posting = posting
        self._post = post
        self.text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label="Text", custom_id="rewrite:text", style=discord.TextStyle.paragraph, default=text, max_length=1_000
        )
        self.add_item(self.text)

    async def on_submit(self, interaction: Interaction, /) -> None:
        await self._buttons.answered(interaction, self._rewrite)

    async def _rewrite(self, interaction: Interaction) -> None:
        self._buttons.gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer()
        post = await self._posting.edit(self._post, self.text.value, person(interaction.user))
        await interaction.edit_original_response(embed=_embed(post), view=_buttons(post), allowed_mentions=NOBODY)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]
        await answer_failure(interaction, error)

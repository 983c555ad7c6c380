"""/queue: what waits to be posted on X. Home admins approve, edit, reject or ask for another one.

Knows the command, its buttons and the form for another text. Does not know how a post is checked or sent.
"""

from collections.abc import Sequence
from typing import Any

import discord

from bot.discord.acts import Shown, command, deferred, only
from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.buttons import Form, LastingItem, TweetButtons
from bot.discord.commands.family import Family
from bot.discord.gate import Gate, Who
from bot.discord.parts import Parts
from bot.discord.rendering import as_written
from bot.posts.post_words import standing_of
from bot.posts.posting import Posting
from bot.store.posts import Post

MAX_SHOWN = 5
MAX_SHORT = 150  # characters of a text that is shown among others
WORDS = {"approve": "✅", "edit": "✏️", "again": "🔁", "reject": "🗑"}


class QueueCommand(Family):
    """The command. Below each post that it shows are the buttons that decide about it."""

    def __init__(self, parts: Parts, gate: Gate, posting: Posting):
        super().__init__(parts, gate)
        self._posting = posting

    @command("queue", "What waits to be posted on X", may=Who.HOME_ADMINS, on_servers_only=True)
    async def queue(self, interaction: Interaction) -> None:
        posts = await self._posting.queue(MAX_SHOWN + 1)
        if not posts:
            await tell(
                interaction, "Nothing waits. " + _how_to_fill(self._posting, await self._posting.recent(MAX_SHOWN))
            )
        for post in posts[:MAX_SHOWN]:
            await interaction.followup.send(
                embed=_embed(post), view=_buttons(post), ephemeral=True, allowed_mentions=NOBODY
            )
        if len(posts) > MAX_SHOWN:
            await tell(interaction, "There are more; decide about these first.")


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


class Decision(LastingItem[discord.ui.Button[Any]], template=r"post:(?P<word>[a-z]+):(?P<post>\d+)"):
    """An admin's word on a post."""

    def __init__(self, word: str, post: int | str):
        super().__init__(discord.ui.Button(emoji=WORDS[word], label=word.title(), custom_id=f"post:{word}:{post}"))
        self.word, self.post = word, int(post)

    @only(Who.HOME_ADMINS)
    async def act(self, interaction: Interaction) -> None:
        if self.word == "edit":
            post = await self.parts.store.posts.get(self.post)
            # Discord shows a form only as the first answer, so nothing is deferred here.
            await interaction.response.send_modal(Rewrite(self.buttons, self.post, post.text if post else ""))
        else:
            await self._decide(interaction)

    @deferred(Shown.IN_PLACE)
    async def _decide(self, interaction: Interaction) -> None:
        posting, by = self.parts.posting, person(interaction.user)
        assert posting
        decide = {"approve": posting.approve, "reject": posting.reject}.get(self.word, posting.again)
        await _show_decided(interaction, await decide(self.post, by))


class Rewrite(Form, title="Another text for this post"):
    """The form for another text."""

    def __init__(self, buttons: TweetButtons, post: int, text: str):
        super().__init__(buttons, f"rewrite:{post}")
        self._post = post
        self.text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label="Text", custom_id="rewrite:text", style=discord.TextStyle.paragraph, default=text, max_length=1_000
        )
        self.add_item(self.text)

    @only(Who.HOME_ADMINS)
    @deferred(Shown.IN_PLACE)
    async def act(self, interaction: Interaction) -> None:
        posting = self.buttons.parts.posting
        assert posting
        await _show_decided(interaction, await posting.edit(self._post, self.text.value, person(interaction.user)))


async def _show_decided(interaction: Interaction, post: Post) -> None:
    await interaction.edit_original_response(embed=_embed(post), view=_buttons(post), allowed_mentions=NOBODY)

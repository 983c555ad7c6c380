"""/queue: what waits to be posted. Home admins approve, edit, reject or ask for another one.

Knows the command, its buttons and the form for another text. Does not know how a post is checked or sent.
"""

from collections.abc import Sequence
from typing import Any

import discord

from bot.discord.asking.acts import Shown, command, deferred, only
from bot.discord.asking.answering import Interaction, only_shown, person, tell
from bot.discord.asking.buttons import Form, LastingItem, TweetButtons
from bot.discord.asking.gate import Gate, Who
from bot.discord.asking.once import NOBODY, acknowledge, send
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.rendering import as_written, parody_of
from bot.discord.look.translating import Language, of_answer
from bot.posts.outlets import Outlets
from bot.posts.place import network_of
from bot.posts.post_words import standing_of
from bot.store.posts.outbox import Post
from huggingtweets.core.text.phrases import Phrase

MAX_SHOWN = 5
MAX_SHORT = 150  # characters of a text that is shown among others
WORDS = {
    "approve": ("✅", Phrase("Approve")),
    "edit": ("✏️", Phrase("Edit")),
    "again": ("🔁", Phrase("Again")),
    "reject": ("🗑", Phrase("Reject")),
}


class QueueCommand(Family):
    """The command. Below each post that it shows are the buttons that decide about it."""

    def __init__(self, parts: Parts, gate: Gate, posting: Outlets):
        super().__init__(parts, gate)
        self._posting = posting

    @command("queue", "What waits to be posted", may=Who.HOME_ADMINS, on_servers_only=True)
    async def queue(self, interaction: Interaction) -> None:
        posts = await self._posting.queue(MAX_SHOWN + 1)
        if not posts:
            how_to_fill = _how_to_fill(self._posting, await self._posting.recent(MAX_SHOWN))
            await tell(interaction, Phrase.joined(" ", [Phrase("Nothing waits."), how_to_fill]))
        language = of_answer(interaction, private=True)
        for post in posts[:MAX_SHOWN]:
            await send(interaction, private=True, embeds=[_embed(post, language)], view=_buttons(post, language))
        if len(posts) > MAX_SHOWN:
            await tell(interaction, Phrase("There are more; decide about these first."))


def _how_to_fill(posting: Outlets, recent: Sequence[Post]) -> Phrase:
    """What to do about an empty queue, and what became of the last posts."""
    if not posting.is_set_up:
        return Phrase("I have no account to post as yet; whoever set me up can give me one.")
    lines = [Phrase("📮 below my tweets puts one into the queue.")]
    lines += [
        Phrase("Post {id} {standing}: {text}", id=post.id, standing=standing_of(post), text=_short(post.text))
        for post in recent
        if post.text
    ]
    return Phrase.joined("\n", lines)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHORT else text[: MAX_SHORT - 1] + "…"


def _embed(post: Post, language: Language) -> discord.Embed:
    embed = discord.Embed(description=as_written(post.text))
    embed.set_author(name=language.say(parody_of(f"@{post.voice}")))
    footer = Phrase(
        "Post {id} for {place} {standing}.", id=post.id, place=network_of(post.account), standing=standing_of(post)
    )
    embed.set_footer(text=language.say(footer))
    return embed


def _buttons(post: Post, language: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if post.state in ("proposed", "queued"):
        for word in WORDS:
            if word != "approve" or post.state == "proposed":
                view.add_item(Decision(word, post.id))
    return only_shown(view, language)


class Decision(LastingItem[discord.ui.Button[Any]], template=r"post:(?P<word>[a-z]+):(?P<post>\d+)"):
    """An admin's word on a post."""

    def __init__(self, word: str, post: int | str):
        emoji, label = WORDS[word]
        super().__init__(discord.ui.Button(emoji=emoji, label=label, custom_id=f"post:{word}:{post}"))
        self.word, self.post = word, int(post)

    @only(Who.HOME_ADMINS)
    async def act(self, interaction: Interaction) -> None:
        if self.word == "edit":
            post = await self.parts.store.posts.get(self.post)
            # Discord shows a form only as the first answer, so nothing is deferred here.
            language = of_answer(interaction, private=True)
            form = Rewrite(self.buttons, self.post, post.text if post else "", language)
            await acknowledge(interaction, interaction.response.send_modal(form))
        else:
            await self._decide(interaction)

    @deferred(Shown.IN_PLACE)
    async def _decide(self, interaction: Interaction) -> None:
        posting, by = self.parts.posting, person(interaction.user)
        assert posting
        decide = {"approve": posting.approve, "reject": posting.reject}.get(self.word, posting.again)
        await _show_decided(interaction, await decide(self.post, by))


class Rewrite(Form):
    """The form for another text."""

    def __init__(self, buttons: TweetButtons, post: int, text: str, language: Language):
        super().__init__(buttons, Phrase("Another text for this post"), f"rewrite:{post}", language)
        self._post = post
        self.text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=language.say(Phrase("Text")),
            custom_id="rewrite:text",
            style=discord.TextStyle.paragraph,
            default=text,
            max_length=2_000,
        )
        self.add_item(self.text)

    @only(Who.HOME_ADMINS)
    @deferred(Shown.IN_PLACE)
    async def act(self, interaction: Interaction) -> None:
        posting = self.buttons.parts.posting
        assert posting
        await _show_decided(interaction, await posting.edit(self._post, self.text.value, person(interaction.user)))


async def _show_decided(interaction: Interaction, post: Post) -> None:
    language = of_answer(interaction, private=True)
    await interaction.edit_original_response(
        embed=_embed(post, language), view=_buttons(post, language), allowed_mentions=NOBODY
    )

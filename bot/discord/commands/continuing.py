"""Continue this as ... and Reply as ...: entries in the menu of a message. A voice goes on with it, or answers it.

People choose the voice. A list shows 25 voices. Its pages can be turned, and a name can be typed. The message with the
list also shows the text to go on with or to answer, so a choice works after a restart, too.

Knows the menus, /reply, the list and the form. Does not know limits, models, or how a failure is told.
"""

import html
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.discord.acts import Shown, command, deferred, menu
from bot.discord.answering import Interaction, answer, only_shown
from bot.discord.buttons import Form, LastingItem, TweetButtons
from bot.discord.commands.family import Family
from bot.discord.gate import message_id, server_id
from bot.discord.naming import MAX_CHOICE, blend_named
from bot.discord.parts import Parts
from bot.discord.rendering import as_read
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from huggingtweets.core.errors import Usage
from huggingtweets.core.visible import typed
from huggingtweets.tweets.clean import as_context
from huggingtweets.tweets.contexts import MAX_CHARACTERS

A_PAGE = 25  # as many as Discord shows in a list
CONTINUE, REPLY = "Continue this as ...", "Reply as ..."
ARROWS = {"before": "◀️", "after": "▶️"}


class Continuing(Family):
    """The menu's entries, and /reply."""

    def __init__(self, buttons: TweetButtons):
        super().__init__(buttons.parts, buttons.gate)
        self.buttons = buttons

    def menus(self) -> list[app_commands.ContextMenu]:
        return [
            menu(CONTINUE, self.continue_as, everywhere=True),
            menu(REPLY, self.reply_as, everywhere=True),
        ]

    @command("reply", "A tweet that answers what you say", shown=Shown.PUBLICLY, cost=None, everywhere=True)
    @app_commands.describe(
        user="whose voice: a name, an @handle, or a member of this server; type a part of it", to="what it answers"
    )
    async def reply(self, interaction: Interaction, user: str, to: app_commands.Range[str, 1, MAX_CHARACTERS]) -> None:
        voice = await blend_named(self.parts, user, interaction.guild_id)
        await self.buttons.write(interaction, voice, context=_answered(to, interaction.user))

    reply.autocomplete("user")(Family.voices)

    @deferred(Shown.PRIVATELY)
    async def reply_as(self, interaction: Interaction, message: discord.Message) -> None:
        context = _answered(await _text_of(self.parts, message), message.author, *message.mentions)
        if not context:
            raise Usage("There is no text in this message to answer.")
        embed = discord.Embed(title=REPLY, description=context)
        view = await _chooser(self.parts, interaction, embed, 0)
        await answer(interaction, [embed], ephemeral=True, view=view)

    @deferred(Shown.PRIVATELY)
    async def continue_as(self, interaction: Interaction, message: discord.Message) -> None:
        start = _begun(await _text_of(self.parts, message))
        if not start:
            raise Usage("There is no text in this message to go on with.")
        embed = discord.Embed(title=CONTINUE, description=start)
        view = await _chooser(self.parts, interaction, embed, 0)
        await answer(interaction, [embed], ephemeral=True, view=view)


def _answered(text: str, *people: discord.abc.User) -> str:
    """Returns `text` as what is answered, without the names of `people`."""
    names = {name for one in people for name in (one.display_name, one.name)}
    return as_context([html.escape(text, quote=False)], names)


async def _text_of(parts: Parts, message: discord.Message) -> str:
    """Returns what a message says: the first of our tweets in it, its text, or the text of its first embed."""
    if record := await parts.store.feedback.answer(message_id(message.id)):
        return record.texts[0] if record.texts else ""
    return message.content or next((as_read(embed.description) for embed in message.embeds if embed.description), "")


def _begun(text: str) -> str:
    """Returns as much of `text` as the start of a tweet may have, in whole words."""
    start = typed(text)
    if len(start) <= MAX_PROMPT_CHARACTERS:
        return start
    cut = start[: MAX_PROMPT_CHARACTERS + 1]
    return cut.rsplit(" ", 1)[0] if " " in cut else cut[:-1]


async def _chooser(parts: Parts, interaction: Interaction, embed: discord.Embed, page: int) -> discord.ui.View:
    """Returns a page of the list, and says in `embed` which page it is. Raises `Usage` if there are no voices."""
    names = await parts.tweeting.names(server_id(interaction.guild_id))
    names = [name for name in names if len(name) <= MAX_CHOICE]
    if not names:
        raise Usage("I know nobody yet; an admin can train a voice with /train.")
    last = (len(names) - 1) // A_PAGE
    page = min(page, last)
    shown = names[page * A_PAGE : (page + 1) * A_PAGE]
    view = discord.ui.View(timeout=None)
    view.add_item(Continuation(shown))
    if last:
        first = page * A_PAGE + 1
        embed.set_footer(text=f"Voices {first} to {first + len(shown) - 1} of {len(names)}: {shown[0]} to {shown[-1]}")
        view.add_item(Page("before", (page - 1) % (last + 1)))
        view.add_item(Page("after", (page + 1) % (last + 1)))
        view.add_item(ByName())
    return only_shown(view)


@deferred(Shown.PUBLICLY)
async def _continue(buttons: TweetButtons, interaction: Interaction, name: str) -> None:
    """Write the continuation, or the answer, for everybody to see."""
    assert interaction.message
    [embed] = interaction.message.embeds
    text = str(embed.description)
    voice = await blend_named(buttons.parts, name, interaction.guild_id)
    if embed.title == REPLY:
        await buttons.write(interaction, voice, context=text)
    else:
        await buttons.write(interaction, voice, text)


class Continuation(LastingItem[discord.ui.Select[Any]], template=r"continue:voice"):
    """The list: who goes on with a message."""

    def __init__(self, names: Sequence[str] | None = None):
        options = [discord.SelectOption(label=name) for name in names or ["-"]]
        super().__init__(discord.ui.Select(custom_id="continue:voice", options=options, placeholder="Whose voice?"))

    async def act(self, interaction: Interaction) -> None:
        await _continue(self.buttons, interaction, self.item.values[0])


class Page(LastingItem[discord.ui.Button[Any]], template=r"continue:(?P<way>before|after):(?P<page>\d+)"):
    """Turns to another page of the list."""

    def __init__(self, way: str, page: int | str):
        super().__init__(discord.ui.Button(emoji=ARROWS[way], custom_id=f"continue:{way}:{page}"))
        self._page = int(page)

    async def act(self, interaction: Interaction) -> None:
        assert interaction.message
        [embed] = interaction.message.embeds
        view = await _chooser(self.parts, interaction, embed, self._page)
        await interaction.response.edit_message(embed=embed, view=view)


class ByName(LastingItem[discord.ui.Button[Any]], template=r"continue:name"):
    """Asks for a name, where there are many."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(emoji="🔎", label="Type a name", custom_id="continue:name"))

    async def act(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(NameForm(self.buttons))


class NameForm(Form, title="Whose voice?"):
    """The form for a name."""

    def __init__(self, buttons: TweetButtons):
        super().__init__(buttons, "continue:form")
        self.name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label="A name, or several as in nasa+dril", custom_id="continue:typed", max_length=200
        )
        self.add_item(self.name)

    async def act(self, interaction: Interaction) -> None:
        await _continue(self.buttons, interaction, self.name.value)

"""Continue this as ... and Reply as ...: entries in the menu of a message. A voice goes on with it, or answers it.

People choose the voice. A list shows 25 voices. Its pages can be turned, and a name can be typed. The message with the
list also shows the text to go on with or to answer, so a choice works after a restart, too.

Knows the menus, /reply, the list and the form. Does not know limits, models, or how a failure is told.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.asking.acts import Shown, command, deferred, menu
from bot.discord.asking.answering import Interaction, answer, only_shown, person
from bot.discord.asking.buttons import Form, LastingItem, TweetButtons
from bot.discord.asking.gate import message_id, server_id
from bot.discord.asking.naming import MAX_CHOICE, blend_named
from bot.discord.asking.once import acknowledge
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.hearing.said import Near, as_said
from bot.discord.look.rendering import NOBODY_YET, as_read, voice_of
from bot.discord.look.translating import LANGUAGES, NAME, Language, in_language_of, of_answer
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS

A_PAGE = 25  # as many as Discord shows in a list
CONTINUE, REPLY = "Continue this as ...", "Reply as ..."
WHOSE = Phrase("Whose voice?")
PROFILE = "https://discord.com/users/"
ARROWS = {"before": "◀️", "after": "▶️"}


class Continuing(Family):
    """The menu's entries, and /reply."""

    def __init__(self, buttons: TweetButtons, near: Near):
        super().__init__(buttons.parts, buttons.gate)
        self.buttons = buttons
        self._near = near

    def _named(self, interaction: Interaction) -> set[str]:
        return self._near.names(interaction.channel_id or 0, interaction.guild)

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
        await self.buttons.write(
            interaction, voice, context=as_said([to], [interaction.user], self._named(interaction))
        )

    reply.autocomplete("user")(Family.voices)

    async def _refuse_unwilling(self, interaction: Interaction, message: discord.Message) -> None:
        """Raises `NotAllowed` if whoever wrote `message` has opted out, or the voice may not speak that wrote it."""
        await _whose_words(self.buttons, message.id, person(message.author))
        if message.author == interaction.client.user and (voice := voice_of(message.embeds)):
            await self.parts.tweeting.refuse_unwilling(voice, server_id(interaction.guild_id))

    @deferred(Shown.PRIVATELY)
    async def reply_as(self, interaction: Interaction, message: discord.Message) -> None:
        await self._refuse_unwilling(interaction, message)
        people = (message.author, *message.mentions)
        context = as_said([await _text_of(self.parts, message)], people, self._named(interaction))
        if not context:
            raise Usage(Phrase("There is no text in this message to answer."))
        embed = _quoted(interaction, REPLY, context, message)
        view = await _chooser(self.parts, interaction, embed, 0)
        await answer(interaction, [embed], ephemeral=True, view=view)

    @deferred(Shown.PRIVATELY)
    async def continue_as(self, interaction: Interaction, message: discord.Message) -> None:
        await self._refuse_unwilling(interaction, message)
        start = _begun(await _text_of(self.parts, message))
        if not start:
            raise Usage(Phrase("There is no text in this message to go on with."))
        embed = _quoted(interaction, CONTINUE, start, message)
        view = await _chooser(self.parts, interaction, embed, 0)
        await answer(interaction, [embed], ephemeral=True, view=view)


async def _whose_words(buttons: TweetButtons, message: int, author: str) -> set[str]:
    """Returns whose words a message has: its author's, and, if it is ours, those of the voice.

    Raises `NotAllowed` if its author has opted out: what they write is not used and not kept.
    """
    if await buttons.has_opted_out([author]):
        raise NotAllowed(Phrase("Whoever wrote this has opted out, so I do not use what they write."))
    record = await buttons.record(message)
    return {*record.voice.people} if record else {author}


def _quoted(interaction: Interaction, entry: str, text: str, message: discord.Message) -> discord.Embed:
    """Returns what the person sees who chooses a voice: the text, who wrote it, and where.

    Both are read again once they have chosen.
    """
    author = message.author
    embed = discord.Embed(title=_name(interaction, entry), description=text, url=message.jump_url)
    return embed.set_author(name=author.display_name, url=PROFILE + str(author.id))


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


def _name(interaction: Interaction, entry: str) -> str:
    """Returns what an entry of the menu is called in the person's language."""
    return in_language_of(interaction.locale, entry, context=NAME)


@cache
def _names_of(entry: str) -> frozenset[str]:
    """Returns what an entry of the menu is called in all languages."""
    return frozenset([entry, *(in_language_of(locale, entry, context=NAME) for locale in LANGUAGES)])


async def _chooser(parts: Parts, interaction: Interaction, embed: discord.Embed, page: int) -> discord.ui.View:
    """Returns a page of the list, and says in `embed` which page it is. Raises `Usage` if there are no voices."""
    language = of_answer(interaction, private=True)
    names = await parts.tweeting.names(server_id(interaction.guild_id))
    names = [name for name in names if len(name) <= MAX_CHOICE]
    if not names:
        raise Usage(NOBODY_YET)
    last = (len(names) - 1) // A_PAGE
    page = min(page, last)
    shown = names[page * A_PAGE : (page + 1) * A_PAGE]
    view = discord.ui.View(timeout=None)
    view.add_item(Continuation(shown))
    if last:
        first = page * A_PAGE + 1
        footer = Phrase(
            "Voices {first} to {last} of {all}: {first_name} to {last_name}",
            first=first,
            last=first + len(shown) - 1,
            all=len(names),
            first_name=shown[0],
            last_name=shown[-1],
        )
        embed.set_footer(text=language.say(footer))
        view.add_item(Page("before", (page - 1) % (last + 1)))
        view.add_item(Page("after", (page + 1) % (last + 1)))
        view.add_item(ByName())
    return only_shown(view, language)


@deferred(Shown.PUBLICLY)
async def _continue(buttons: TweetButtons, interaction: Interaction, name: str) -> None:
    """Write the continuation, or the answer, for everybody to see."""
    assert interaction.message
    [embed] = interaction.message.embeds
    text = str(embed.description)
    voice = await blend_named(buttons.parts, name, interaction.guild_id)
    said_by: set[str] = set()
    if embed.author.url and embed.url:
        author = f"discord:{embed.author.url.removeprefix(PROFILE)}"
        said_by = await _whose_words(buttons, int(embed.url.rpartition("/")[2]), author)
    if embed.title in _names_of(REPLY):
        await buttons.write(interaction, voice, context=text, said_by=said_by)
    else:
        await buttons.write(interaction, voice, text, said_by=said_by)


class Continuation(LastingItem[discord.ui.Select[Any]], template=r"continue:voice"):
    """The list: who goes on with a message."""

    def __init__(self, names: Sequence[str] | None = None):
        options = [discord.SelectOption(label=name) for name in names or ["-"]]
        super().__init__(discord.ui.Select(custom_id="continue:voice", options=options, placeholder=WHOSE))

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
        await acknowledge(interaction, interaction.response.edit_message(embed=embed, view=view))


class ByName(LastingItem[discord.ui.Button[Any]], template=r"continue:name"):
    """Asks for a name, where there are many."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(emoji="🔎", label=Phrase("Type a name"), custom_id="continue:name"))

    async def act(self, interaction: Interaction) -> None:
        form = NameForm(self.buttons, of_answer(interaction, private=True))
        await acknowledge(interaction, interaction.response.send_modal(form))


class NameForm(Form):
    """The form for a name."""

    def __init__(self, buttons: TweetButtons, language: Language):
        super().__init__(buttons, WHOSE, "continue:form", language)
        self.name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=language.say(Phrase("A name, or several as in nasa+dril")), custom_id="continue:typed", max_length=200
        )
        self.add_item(self.name)

    async def act(self, interaction: Interaction) -> None:
        await _continue(self.buttons, interaction, self.name.value)

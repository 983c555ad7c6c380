"""/deletevoice and /unpause: what home admins may end. A deletion asks first.

Knows the commands and the question. Does not know how a voice is deleted, or what a pause keeps from happening.
"""

from typing import Any

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command, deferred, only
from bot.discord.asking.answering import NOTHING_DELETED, Interaction, only_shown, person, settle, tell
from bot.discord.asking.buttons import LastingItem
from bot.discord.asking.gate import Who
from bot.discord.commands.family import Family
from bot.discord.look.translating import of_answer
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.core.text.phrases import Phrase

MAX_IN_A_BUTTON = 80  # characters of a name; a button's id has 100


class RulingCommands(Family):
    """What home admins may end."""

    @command(
        "deletevoice",
        "Delete a voice, with its tweets and models; I ask first",
        may=Who.HOME_ADMINS,
        on_servers_only=True,
    )
    @app_commands.describe(name="which voice; type a part of it")
    async def delete_voice(self, interaction: Interaction, name: str) -> None:
        voice = VoiceName.parse(name)
        names = await self.parts.consenting.deleted_with(voice)
        if not names:
            meant = did_you_mean(voice, await self.parts.versions.names())
            raise Usage(Phrase.joined(" ", [Phrase("I know no voice called {name}.", name=voice), meant]))
        if len(voice) > MAX_IN_A_BUTTON:
            raise Usage(Phrase("This name is too long for a button; whoever runs me can delete it."))
        question = discord.ui.View(timeout=None)
        question.add_item(Deletion("yes", voice))
        question.add_item(Deletion("no", voice))
        others = [other for other in names if other != voice]
        said = [
            Phrase("This deletes {voice} with all its tweets and versions.", voice=voice),
            Phrase("The same person is in {voices}, so that goes, too.", voices=others) if others else Phrase(),
            Phrase("It cannot be undone. Shall I?"),
        ]
        view = only_shown(question, of_answer(interaction, private=True))
        await tell(interaction, Phrase.joined(" ", said), view=view)

    delete_voice.autocomplete("name")(Family.all_voices)

    @command("unpause", "Answer somebody again whom I take a break from", may=Who.HOME_ADMINS, on_servers_only=True)
    @app_commands.describe(member="who asked too often")
    async def unpause(self, interaction: Interaction, member: discord.User) -> None:
        if not await self.parts.store.pauses.resume(person(member)):
            raise Usage(Phrase("I take no break from {name}, so there is nothing to end.", name=member.name))
        await self.parts.store.audit.add(person(interaction.user), "pause.end", person(member))
        await tell(interaction, Phrase("I answer {name} again.", name=member.name))


class Deletion(LastingItem[discord.ui.Button[Any]], template=r"voice:delete:(?P<word>yes|no):(?P<voice>[a-z0-9_.-]+)"):
    """An admin's answer to the question. The question was private, but whoever clicks is checked again."""

    def __init__(self, word: str, voice: str):
        label = Phrase("Delete the voice") if word == "yes" else Phrase("Keep it")
        style = discord.ButtonStyle.danger if word == "yes" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"voice:delete:{word}:{voice}"))
        self.word, self.voice = word, VoiceName(voice)

    @only(Who.HOME_ADMINS)
    async def act(self, interaction: Interaction) -> None:
        if self.word == "no":
            await settle(interaction, NOTHING_DELETED)
        else:
            await self._delete(interaction)

    @deferred(Shown.PRIVATELY)
    async def _delete(self, interaction: Interaction) -> None:
        deleted = await self.parts.consenting.delete_voice(self.voice, by=person(interaction.user))
        names = deleted.voices
        gone = Phrase("{names} is no more.", plural="{names} are no more.", count=len(names), names=names)
        again = (
            Phrase("It may be learned again with /train.")
            if deleted.learnable
            else Phrase("Who opted out is not learned again.")
        )
        await tell(interaction, Phrase.joined(" ", [gone, again]))

"""/link and /unlink: which voice is whose. A member claims one, an admin decides, and both sides hear of it.

Knows the commands, the buttons below a claim, and who is told. Does not know what a link leads to.
"""

from typing import Any

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command, deferred, only
from bot.discord.asking.answering import Interaction, only_shown, person, show, tell
from bot.discord.asking.buttons import LastingItem
from bot.discord.asking.channel_settings import NOTICES
from bot.discord.asking.gate import Who, server_id
from bot.discord.asking.once import NOBODY
from bot.discord.commands.family import Family
from bot.discord.look.translating import of_answer
from bot.discord.speaking.notices import OWNER, USER
from bot.people.access import GLOBAL
from bot.people.consent import told_of_claim
from bot.people.limits import PUBLIC
from bot.store import utc_now
from bot.store.people.consent import Link
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName, parse_handle
from huggingtweets.core.text.phrases import Phrase

WORDS = {
    "yes": (Phrase("Confirm"), discord.ButtonStyle.success),
    "no": (Phrase("Refuse"), discord.ButtonStyle.danger),
}


class LinkCommands(Family):
    """They work for everybody, also for people who are paused."""

    @command(
        "link",
        "Say which voice is yours; an admin confirms it",
        shown=lambda interaction: Shown.PUBLICLY if interaction.namespace.voice else Shown.PRIVATELY,
        on_servers_only=True,
        always=True,
        cost=PUBLIC,
    )
    @app_commands.describe(voice="the handle; leave it out to see which voice is linked to you")
    async def link(self, interaction: Interaction, voice: str = "") -> None:
        server, me = server_id(interaction.guild_id), person(interaction.user)
        if not voice:
            await tell(interaction, _standing(await self.parts.consenting.link(server, me)))
            return
        handle = parse_handle(voice)
        await self.parts.consenting.claim(server, me, handle)
        view = discord.ui.View(timeout=None)
        for word in WORDS:
            view.add_item(LinkVerdict(word, interaction.user.id, handle))
        text = Phrase(
            "{member} says that the voice {voice} is theirs. An admin decides.",
            member=interaction.user.mention,
            voice=handle,
        )
        view = only_shown(view, of_answer(interaction, private=False))
        await show(interaction, text, private=False, view=view)
        notice = Phrase(
            "{member} says that the voice {voice} is theirs. Confirm or refuse that below their claim in #{channel}.",
            member=interaction.user.name,
            voice=handle,
            channel=getattr(interaction.channel, "name", "?"),
        )
        place = "" if await self.parts.store.settings.get(GLOBAL, NOTICES) else OWNER
        await self.parts.consenting.announce(server, me, handle, notice, place)

    @command(
        "unlink",
        "End the link between you and your voice, or take a claim back",
        on_servers_only=True,
        always=True,
        cost=0.0,
    )
    async def unlink(self, interaction: Interaction) -> None:
        ended = await self.parts.consenting.unlink(server_id(interaction.guild_id), person(interaction.user))
        await tell(
            interaction,
            Phrase("No voice is linked to you any more.") if ended else Phrase("No voice was linked to you."),
        )


def _standing(link: Link | None) -> Phrase:
    if not link:
        return Phrase("No voice is linked to you. /link with a handle claims one.")
    if link.state == "pending":
        return Phrase(
            "You have claimed the voice {voice}, and an admin is still to decide. /unlink takes that back.",
            voice=link.voice,
        )
    return Phrase("The voice {voice} is linked to you. /unlink ends that.", voice=link.voice)


class LinkVerdict(
    LastingItem[discord.ui.Button[Any]], template=r"link:(?P<word>yes|no):(?P<user>\d+):(?P<voice>[a-z0-9_]+)"
):
    """An admin's word on a claim."""

    def __init__(self, word: str, user: int | str, voice: str):
        label, style = WORDS[word]
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"link:{word}:{user}:{voice}"))
        self.confirmed, self.user, self.voice = word == "yes", int(user), VoiceName(voice)

    @only(Who.HOME_ADMINS)
    @deferred(Shown.IN_PLACE)
    async def act(self, interaction: Interaction) -> None:
        server, claimant, by = server_id(interaction.guild_id), f"discord:{self.user}", person(interaction.user)
        decided = await self.parts.consenting.decide(server, claimant, self.voice, by=by, confirmed=self.confirmed)
        if not decided:
            raise Usage(Phrase("There is no such claim any more."))
        names = {"voice": self.voice, "member": f"<@{self.user}>", "admin": interaction.user.mention}
        if self.confirmed:
            text = Phrase("The voice {voice} belongs to {member}, says {admin}.", **names)
        else:
            text = Phrase("The voice {voice} is not linked to {member}, says {admin}.", **names)
        content = of_answer(interaction, private=False).say(text)
        await interaction.edit_original_response(content=content, view=None, allowed_mentions=NOBODY)
        await self._tell_claimant(interaction, f"claim:{server}:{claimant}:{self.voice}")

    async def _tell_claimant(self, interaction: Interaction, claim: str) -> None:
        server = interaction.guild.name if interaction.guild else ""
        text = told_of_claim(self.voice, confirmed=self.confirmed, server=server)
        await self.parts.store.notices.add(f"{claim}:decided:{utc_now().isoformat()}", text, f"{USER}{self.user}")

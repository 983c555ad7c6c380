"""/link and /unlink: which voice is whose. A member claims one, an admin decides, and both sides hear of it.

Knows the commands, the buttons below a claim, and who is told. Does not know what a link leads to.
"""

from typing import Any

import discord
from discord import app_commands

from bot.discord.acts import Shown, command, deferred, only
from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.buttons import LastingItem
from bot.discord.commands.administration import NOTICES
from bot.discord.commands.family import Family
from bot.discord.gate import Who, server_id
from bot.discord.notices import OWNER, USER
from bot.people.access import GLOBAL
from bot.people.limits import PUBLIC
from bot.store import utc_now
from bot.store.consent import Link
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import VoiceName, parse_handle

WORDS = {"yes": ("Confirm", discord.ButtonStyle.success), "no": ("Refuse", discord.ButtonStyle.danger)}


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
        claim = f"says that the voice {handle} is theirs."
        text = f"{interaction.user.mention} {claim} An admin decides."
        await interaction.followup.send(text, view=only_shown(view), allowed_mentions=NOBODY)
        channel = getattr(interaction.channel, "name", "that channel")
        notice = f"{interaction.user.name} {claim} Confirm or refuse that below their claim in #{channel}."
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
        await tell(interaction, "No voice is linked to you any more." if ended else "No voice was linked to you.")


def _standing(link: Link | None) -> str:
    if not link:
        return "No voice is linked to you. /link with a handle claims one."
    if link.state == "pending":
        return f"You have claimed the voice {link.voice}, and an admin is still to decide. /unlink takes that back."
    return f"The voice {link.voice} is linked to you. /unlink ends that."


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
            raise Usage("There is no such claim any more.")
        said = f"belongs to <@{self.user}>" if self.confirmed else f"is not linked to <@{self.user}>"
        text = f"The voice {self.voice} {said}, says {interaction.user.mention}."
        await interaction.edit_original_response(content=text, view=None, allowed_mentions=NOBODY)
        await self._tell_claimant(interaction, f"claim:{server}:{claimant}:{self.voice}")

    async def _tell_claimant(self, interaction: Interaction, claim: str) -> None:
        did = "confirmed" if self.confirmed else "did not confirm"
        where = f" on {interaction.guild.name}" if interaction.guild else ""
        text = f"An admin{where} {did} that the voice {self.voice} is yours."
        await self.parts.store.notices.add(f"{claim}:decided:{utc_now().isoformat()}", text, f"{USER}{self.user}")

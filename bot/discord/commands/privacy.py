"""/privacy, /optout, /optin, /forget and /mydata: what people decide about themselves.

These work for everybody, also for who is paused or not on a list.

Knows the commands and their confirmations. Does not know what is kept, or how it is deleted.
"""

import io
from typing import Literal

import discord
from discord import app_commands

from bot.discord.acts import Shown, command, deferred
from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.clicks import OwnClicks
from bot.discord.commands.family import Family
from bot.discord.gate import Gate
from bot.discord.parts import Parts
from bot.people.consent import Back
from bot.people.limits import PUBLIC
from huggingtweets.core.errors import Usage

PRIVACY = """\
**What I keep.** Tweets that somebody handed to me to learn a voice, and the models made of them. My answers with who \
asked, so that their buttons work. Thumbs and guesses. Limits and who did what, by id. {messages}
**What I do not keep.** Any other message. What you write to call me is used for the answer; only the start of a tweet \
is kept with it.
**What you can do.** /optout: nobody gets tweets in a voice that is linked to you or learned from your messages. \
/mydata: everything I keep of you, as a file. /forget me: all of it is deleted, with your voices and their models. \
/link: say which voice is yours. What stays after /forget me: that you must not be learned, until /optin; a pause that \
protects others; which of my answers you may delete. The last two are kept without your name.
**What I write** is made up by a small language model, and marked as AI. It pings nobody and repeats no real tweet."""
ON = """\
Messages of members who said /join, in channels where an admin allows it, until they say /leave; their voices are \
heard on their server only, unless they chose more. If you and another member have joined, your message is also kept \
as what they answered; their voice never learns to write it."""
OFF = "I do not read what members write."


class PrivacyCommands(Family):
    """They work for everybody. Whoever wants to withdraw is never told to wait."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks, *, member_messages: bool):
        super().__init__(parts, gate)
        self._asks = asks
        self._member_messages = member_messages

    @command("privacy", "What I keep of you, and what you can do about it", always=True, cost=0.0, everywhere=True)
    async def privacy(self, interaction: Interaction) -> None:
        text = PRIVACY.format(messages=ON if self._member_messages else OFF)
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)

    @command("optout", "Nobody shall get tweets in my voice", always=True, cost=0.0, everywhere=True)
    async def opt_out(self, interaction: Interaction) -> None:
        is_new = await self.parts.consenting.opt_out(person(interaction.user))
        said = "From now on I imitate nobody who is you" if is_new else "You have opted out already"
        voices = await self.parts.consenting.voices_of(person(interaction.user))
        linked = f": {', '.join(voices)}." if voices else "; tell me with /link which voice that is."
        await tell(interaction, f"{said}{linked} /forget me deletes it all, /optin takes this back.")

    @command(
        "optin", "Take /optout back, or let me learn you again after /forget me", always=True, cost=0.0, everywhere=True
    )
    async def opt_in(self, interaction: Interaction) -> None:
        await tell(interaction, _about_return(await self.parts.consenting.opt_in(person(interaction.user))))

    @command(
        "mydata", "Everything I keep of you, as a file that only you see", always=True, cost=PUBLIC, everywhere=True
    )
    async def my_data(self, interaction: Interaction) -> None:
        data = await self.parts.consenting.data_of(person(interaction.user))
        if len(data) > interaction.filesize_limit:
            raise Usage("This is more than Discord lets me send; ask the bot's owner for it.")
        file = discord.File(io.BytesIO(data), "mydata.zip")
        await interaction.followup.send(
            "This is all that I keep of you.", file=file, ephemeral=True, allowed_mentions=NOBODY
        )

    @command(
        "forget", "Delete everything I keep of you, with your voices and models", always=True, cost=0.0, everywhere=True
    )
    @app_commands.describe(what="you; an admin asks on the command line for others")
    async def forget(self, interaction: Interaction, what: Literal["me"]) -> None:
        voices = await self.parts.consenting.going_with(person(interaction.user))
        models = f", and the voices {', '.join(voices)} with their tweets and models" if voices else ""
        await tell(
            interaction,
            f"This deletes my answers to you, your votes, your messages{models}. It cannot be undone. What stays: "
            "that you must not be learned, until /optin; without your name, a pause that protects others, and which "
            "of my answers you may delete. Shall I?",
            view=only_shown(ForgetButtons(parts=self.parts, asks=self._asks)),
        )


def _about_return(back: Back) -> str:
    said = ["I may imitate you again."] if back.opted_out else []
    if back.learnable:
        names = ", ".join(back.learnable)
        said.append(f"I may learn {names} again. Nothing that was deleted comes back; an admin teaches me with /train.")
    if back.silent:
        said.append(
            f"{', '.join(back.silent)} stays silent, because somebody else keeps that voice from being imitated: "
            "ask the bot's owner."
        )
    return " ".join(said) or (
        "You had not opted out. If your voice is silent all the same, claim it with /link; once an admin has confirmed "
        "that, say /optin again."
    )


class ForgetButtons(OwnClicks):
    """Shall I? Only who asked sees them, so whoever clicks is who is meant."""

    @discord.ui.button(label="Delete everything", custom_id="forget:yes", style=discord.ButtonStyle.danger)
    @deferred(Shown.PRIVATELY)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        gone = await self.parts.consenting.forget(person(interaction.user))
        voices = f" The voices {', '.join(gone.voices)} are no more." if gone.voices else ""
        await tell(interaction, f"You are forgotten: {gone.rows} entries are deleted.{voices}")

    @discord.ui.button(label="Keep it", custom_id="forget:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)
